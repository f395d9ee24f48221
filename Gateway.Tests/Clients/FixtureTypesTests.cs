using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anthropic.Core;
using Anthropic.Models.Messages;
using Gateway.Tests.Dialects.Hub;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Gateway.Tests.Clients;

/// <summary>
/// What the fixtures expect of the gateway, read with the types of the official libraries: as their servers' requests, as their clients'
/// answers. Google has no library of Gemini's types on NuGet that could be asked.
/// </summary>
public sealed class FixtureTypesTests
{
    [Test]
    public void RequestsToAnthropicAreItsLibrarysParameters() => AssertAll("-anthropic.request.json", static json =>
    {
        var read = MessageCreateParams.FromRawUnchecked(Members("{}"), Members("{}"), Members(json));
        Assert.That((string)read.Model, Is.Not.Empty);
        Assert.That(read.MaxTokens, Is.Positive);
        ModelBase?[] settings = [read.System, read.ToolChoice, read.Thinking, read.OutputConfig, read.Metadata, read.CacheControl];
        foreach (var part in (IEnumerable<ModelBase?>)[.. read.Messages, .. read.Tools ?? [], .. settings])
            part?.Validate();
        Assert.That(read.Messages, Is.Not.Empty);
    });

    [Test]
    public void AnswersToAnthropicsClientsAreItsLibrarysMessages() => AssertAll("-anthropic.answer.json", static json =>
    {
        var read = JsonSerializer.Deserialize<Message>(json)!;
        read.Validate();
    });

    [Test]
    public void StreamsToAnthropicsClientsAreItsLibrarysEvents() => AssertEvents("-anthropic.stream.txt", static json =>
    {
        if (!json.StartsWith("""{"type":"error",""", StringComparison.Ordinal)) // its library has no type for it, but an exception
            JsonSerializer.Deserialize<RawMessageStreamEvent>(json)!.Validate();
    });

    [Test]
    public void RequestsToOpenAiAreItsLibrarysOptions() =>
        AssertAll("-openai.request.json", static json => AssertKnown(Read<ChatCompletionOptions>(json).Patch, json),
            "custom-tools", "prompt-cache-key", "tool-choice-allowed", "verbosity");

    [Test]
    public void AnswersToOpenAisClientsAreItsLibrarysCompletions() => AssertAll("-openai.answer.json", static json =>
    {
        var read = Read<ChatCompletion>(json);
        AssertKnown(read.Patch, json);
        Assert.That(read.Id, Is.Not.Empty);
        Assert.That(read.ToolCalls.Select(static call => call.Id), Has.None.Empty);
        Assert.That(Enum.IsDefined(read.FinishReason));
        Assert.That(read.Usage.TotalTokenCount, Is.EqualTo(read.Usage.InputTokenCount + read.Usage.OutputTokenCount));
    }, "custom-tools");

    [Test]
    public void StreamsToOpenAisClientsAreItsLibrarysUpdates() => AssertEvents("-openai.stream.txt", static json =>
    {
        if (json != "[DONE]")
            AssertKnown(Read<StreamingChatCompletionUpdate>(json).Patch, json);
    }, "custom-tools");

    [Test]
    public void RequestsToResponsesAreItsLibrarysOptions() =>
        AssertAll("-responses.request.json", static json =>
        {
            var body = JsonNode.Parse(json)!;
            foreach (var item in body["input"]!.AsArray())
                WriteAsTheLibraryDoes((JsonObject)item!);
            var read = Read<CreateResponseOptions>(body.ToJsonString());
            Assert.That(read.InputItems, Is.Not.Empty);
            AssertKnown(read.Patch, json);
        }, "stored-conversation");

    /// <summary>The server takes a message's content as a text alone, and a result as a list of parts; the library knows neither.</summary>
    private static void WriteAsTheLibraryDoes(JsonObject item)
    {
        if (item["content"] is JsonValue text)
        {
            var type = (string?)item["role"] == "assistant" ? "output_text" : "input_text";
            item["content"] = new JsonArray(new JsonObject { ["type"] = type, ["text"] = text.DeepClone() });
        }
        if (item["output"] is JsonArray parts)
            item["output"] = parts.ToJsonString();
    }

    [Test]
    public void AnswersToResponsesClientsAreItsLibrarysResults() => AssertAll("-responses.answer.json", static json =>
    {
        var read = Read<ResponseResult>(json);
        AssertKnown(read.Patch, json, except: "store"); // which the server sends
        Assert.That(read.Status, Is.Not.Null);
        Assert.That(read.OutputItems.Select(static item => item.GetType().Name), Has.None.Contains("Unknown"));
    });

    [Test]
    public void StreamsToResponsesClientsAreItsLibrarysUpdates() => AssertEvents("-responses.stream.txt", static json =>
        Assert.That(Read<StreamingResponseUpdate>(json).GetType().Name, Does.Not.Contain("Unknown").And.Not.Contain("Internal")));

    private static T Read<T>(string json) where T : IPersistableModel<T> => ModelReaderWriter.Read<T>(BinaryData.FromString(json))!;

    /// <summary>Holds that the library knows each member: the others it keeps aside.</summary>
    private static void AssertKnown(in JsonPatch aside, string json, string? except = null)
    {
        foreach (var member in JsonElement.Parse(json).EnumerateObject())
            Assert.That(aside.Contains("$"u8, Encoding.UTF8.GetBytes(member.Name)), Is.EqualTo(member.Name == except), member.Name);
    }

    private static Dictionary<string, JsonElement> Members(string json) =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;

    private static void AssertEvents(string ending, Action<string> read, params string[] unknown) => AssertAll(ending, text =>
    {
        foreach (var line in text.Split('\n').Where(static line => line.StartsWith("data: ", StringComparison.Ordinal)))
            read(line["data: ".Length..]);
    }, unknown);

    /// <summary>Reads every file, and tells all that cannot be read.</summary>
    /// <param name="unknown">Features that the server documents and the library does not know yet: a file of each cannot be read.</param>
    private static void AssertAll(string ending, Action<string> read, params string[] unknown)
    {
        List<string> faults = [];
        HashSet<string> missed = [];
        var files = HubFixture.Expected(ending).ToList();
        foreach (var file in files)
        {
            try
            {
                using (new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext())
                    read(File.ReadAllText(file));
            }
            catch (Exception fault)
            {
                var feature = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!;
                if (unknown.Contains(feature))
                    missed.Add(feature);
                else
                    faults.Add($"{feature}/{Path.GetFileName(file)}: {fault.Message}");
            }
        }
        Assert.That(files, Is.Not.Empty);
        Assert.That(faults, Is.Empty);
        Assert.That(missed, Is.EquivalentTo(unknown), "the library knows the others now");
    }
}
