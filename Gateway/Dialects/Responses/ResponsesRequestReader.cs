using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>Reads the members of a body into the hub.</summary>
internal sealed class ResponsesRequestReader(HubRequest hub)
{
    /// <summary>Asks for seals of thoughts, which are always sent.</summary>
    public const string EncryptedReasoning = "reasoning.encrypted_content";

    /// <summary>Asks for probabilities.</summary>
    public const string Logprobs = "message.output_text.logprobs";

    /// <returns>Null, or why the request is refused.</returns>
    public ApiError? Read(JsonElement body)
    {
        // What stands before the conversation comes first, wherever it is in the body.
        if (body.Find("instructions"u8) is { } instructions && ReadInstructions(instructions) is { } malformed)
            return malformed;
        if (body.Find("input"u8) is { } input && new ResponsesInputReader(hub).Read(input) is { } wrong)
            return wrong;
        foreach (var member in body.EnumerateObject())
        {
            if (ReadMember(member.Name, member.Value) is { } refusal)
                return refusal;
        }
        if (hub.TopLogprobs > 0)
            hub.Logprobs = true;
        var isEmpty = hub.Messages.TrueForAll(static message => message.Role == HubRole.System);
        return isEmpty && hub.PreviousResponseId is null && body.Find("input"u8) is null && body.Find("prompt"u8) is null
            ? ApiError.InvalidParameter("input", "is missing: send a text or a list of items")
            : null;
    }

    private ApiError? ReadInstructions(JsonElement instructions)
    {
        if (ResponsesContent.Read(hub, instructions) is not { } parts)
            return ApiError.InvalidParameter("instructions", "must be a text");
        hub.Instructions = new HubMessage(HubRole.System, parts);
        hub.Messages.Add(hub.Instructions);
        hub.Use(Feature.System, "instructions");
        return null;
    }

    private ApiError? ReadMember(string name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null || !Counts(name))
            return null;
        switch (name)
        {
            case "stream":
                hub.IsStream = value.ValueKind == JsonValueKind.True;
                return null;
            case "extra_body" when value.ValueKind == JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    if (ReadMember(member.Name, member.Value) is { } refusal)
                        return refusal;
                }
                return null;
            case "background":
                return value.ValueKind == JsonValueKind.True ? ResponsesDialect.NoBackground : null;
            default:
                return ReadParam(name, value) ? null : ApiError.InvalidParameter(name, "has a value of the wrong type");
        }
    }

    /// <summary>False for what was read, what the gateway reads itself, and what only says who asks (<c>client_metadata</c>).</summary>
    private static bool Counts(string name) => name switch
    {
        "model" or "input" or "instructions" or "client_metadata" => false,
        _ => MemberNames.KindOf(Encoding.UTF8.GetBytes(name)) is MemberKind.Stream or MemberKind.ExtraBody or MemberKind.Metadata
            or < MemberKind.ExtraBody,
    };

    /// <returns>False when the value has the wrong type.</returns>
    private bool ReadParam(string name, JsonElement value)
    {
        switch (name)
        {
            case "tools":
                return ResponsesTools.Read(hub, name, value);
            case "tool_choice":
                return ResponsesTools.ReadChoice(hub, name, value);
            case "text":
                return ReadText(value);
            case "reasoning":
                return ReadReasoning(value);
            case "include":
                return ReadInclude(value);
            case "truncation":
                return value.ValueEquals("disabled") || Keep(Feature.Truncation, name, value);
            case "max_tool_calls":
                return Keep(Feature.ServerTools, name, value); // counts the calls of the provider's own tools alone
            case "store":
                hub.ForgetsAnswer = value.ValueKind == JsonValueKind.False; // it is the gateway that keeps it, or not
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False;
            case "stream_options":
                return value.ValueKind == JsonValueKind.Object; // asks for padding that hides a text's length; it changes no answer
            case "previous_response_id":
                hub.PreviousResponseId = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                hub.Use(Feature.StoredConversation, name);
                return hub.PreviousResponseId is not null;
            case "conversation" or "prompt":
                return Keep(Feature.StoredConversation, name, value);
            case "context_management":
                return Keep(Feature.ContextManagement, name, value);
            case "temperature" or "top_p" or "max_output_tokens" or "top_logprobs" or "parallel_tool_calls" or "metadata" or "service_tier"
                or "user" or "safety_identifier" or "prompt_cache_key"
                // Not OpenAI's, but those of servers that imitate it.
                or "top_k" or "min_p" or "frequency_penalty" or "presence_penalty" or "repetition_penalty" or "seed" or "stop":
                return OpenAiParams.Read(hub, name, value);
            default:
                hub.AddExtra(name, value);
                return true;
        }
    }

    private bool ReadText(JsonElement text)
    {
        if (text.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in text.EnumerateObject())
        {
            var isRight = member.Value.ValueKind == JsonValueKind.Null || member.Name switch
            {
                "format" => ReadFormat(member.Value),
                "verbosity" => OpenAiParams.Read(hub, member.Name, member.Value),
                _ => Unknown($"text.{member.Name}", member.Value),
            };
            if (!isRight)
                return false;
        }
        return true;
    }

    private bool ReadFormat(JsonElement format)
    {
        const string Param = "text.format";
        if (format.FindText("type"u8) != "json_schema")
            return OpenAiFormat.Read(hub, Param, format);
        hub.Format = OpenAiFormat.ReadSchema(format);
        hub.Use(Feature.JsonSchema, Param);
        return hub.Format.Schema is not null;
    }

    private bool ReadReasoning(JsonElement reasoning)
    {
        if (reasoning.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in reasoning.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
            switch (member.Name)
            {
                case "effort":
                    hub.Reasoning = (hub.Reasoning ?? new()) with { Effort = text };
                    hub.Use(Feature.ReasoningEffort, "reasoning.effort");
                    break;
                case "summary" or "generate_summary":
                    hub.Reasoning = (hub.Reasoning ?? new()) with { Summary = text };
                    hub.Use(Feature.ReasoningSummary, "reasoning.summary");
                    break;
                default:
                    Unknown($"reasoning.{member.Name}", member.Value);
                    continue;
            }
            if (text is null)
                return false;
        }
        return true;
    }

    private bool ReadInclude(JsonElement include)
    {
        if (include.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var item in include.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
                return false;
            var name = item.GetString()!;
            if (name == Logprobs)
            {
                hub.Logprobs = true;
                hub.Use(Feature.Logprobs, "include");
            }
            else if (name is not (EncryptedReasoning or "message.input_image.image_url")) // the latter repeats the input
            {
                hub.Use(Feature.ServerTools, $"include ({RecordedText.Shorten(name)})"); // what a tool of the provider's found
            }
        }
        return true;
    }

    private bool Keep(Feature feature, string name, JsonElement value)
    {
        hub.Extras.Add(new(name, value));
        hub.Use(feature, name);
        return true;
    }

    private bool Unknown(string name, JsonElement value)
    {
        hub.AddExtra(name, value);
        return true;
    }
}
