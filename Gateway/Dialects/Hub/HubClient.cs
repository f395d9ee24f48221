using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.Hub;

/// <summary>The client's half of a dialect: requests in, answers and streams out. One instance serves all requests.</summary>
public abstract class HubClient
{
    /// <summary>The wire format that the client speaks.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>Reads a body into the hub, noting each feature that it uses.</summary>
    /// <param name="body">The body's object; lives as long as the request.</param>
    /// <param name="hub">Half read where there is an error.</param>
    /// <returns>Null, or why the request is refused (400), by the parameter's name in this dialect.</returns>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode; the caller answers with a 400.</exception>
    public abstract ApiError? Read(JsonElement body, out HubRequest hub);

    /// <summary>
    /// Reads one of OpenAI's parameters that a deployment's config sets (<c>temperature</c>, <c>reasoning_effort</c> …) into a request.
    /// </summary>
    /// <returns>Null, or what is wrong with the value.</returns>
    public static ApiError? ReadSetting(HubRequest hub, string name, JsonElement value) =>
        OpenAi.OpenAiParams.Read(hub, name, value) ? null : ApiError.InvalidParameter(name, "has a value of the wrong type");

    /// <summary>Writes a whole answer.</summary>
    public abstract void WriteAnswer(HubAnswer answer, HubShown shown, Utf8JsonWriter json);

    /// <summary>A writer for one streamed answer.</summary>
    public abstract HubStreamWriter OpenStream(HubShown shown);
}

/// <summary>What a client's half says of an answer beside what the provider said.</summary>
/// <param name="Model">The name that the client knows the model by.</param>
public sealed record HubShown(string Model)
{
    /// <summary>Makes an id where the provider gave none: 24 or more random letters and digits, without a prefix.</summary>
    public required string RandomId { get; init; }

    /// <summary>When the answer began.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>True when a stream tells its usage (where the dialect leaves that to the client).</summary>
    public bool IncludesUsage { get; init; }

    /// <summary>When given, the usage of a stream carries what this returns as <c>cost</c>, where the dialect has a place for it.</summary>
    public Func<ReportedUsage, NanoUsd?>? CostOf { get; init; }

    /// <summary>The client's request: some dialects repeat parts of it.</summary>
    public required HubRequest Request { get; init; }

    /// <summary>The client's body, for dialects that repeat members of it as they were written.</summary>
    public JsonElement Body { get; init; }
}

/// <summary>Writes one streamed answer in the client's framing, event by event.</summary>
public abstract class HubStreamWriter
{
    /// <summary>Writes what an event comes to: nothing, one event of the dialect, or several. Errors are not written here.</summary>
    public abstract void Write(in HubEvent step, IBufferWriter<byte> output);

    /// <summary>Writes the sign of a clean end, with what is still due (usage); called once, and never after a cut.</summary>
    public abstract void End(IBufferWriter<byte> output);
}
