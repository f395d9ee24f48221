using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Writes a stream of OpenAI's chat chunks.</summary>
internal sealed class OpenAiChatStreamWriter(HubShown shown) : HubStreamWriter
{
    private readonly long _created = shown.Now.ToUnixTimeSeconds();
    private readonly HashSet<int> _begun = [];
    private string? _id;
    private Usage? _usage;
    private ServiceTier? _service;
    private ReportedBill? _bill;

    private string Id => _id ??= OpenAiIds.Chat(null, shown);

    public override void Write(in HubEvent step, IBufferWriter<byte> output)
    {
        switch (step.Kind)
        {
            case HubEventKind.Start:
                _id ??= OpenAiIds.Chat(step.Id, shown);
                return;
            case HubEventKind.Usage:
                (_usage, _service, _bill) = (step.Usage ?? _usage, step.Service ?? _service, step.Bill ?? _bill);
                return;
            case HubEventKind.Text or HubEventKind.Thinking or HubEventKind.Refusal or HubEventKind.ToolArguments when step.Text is null or "":
            case HubEventKind.ThinkingEnd or HubEventKind.End or HubEventKind.Error:
                return;
            default:
                WriteChunk(step, output);
                return;
        }
    }

    private void WriteChunk(in HubEvent step, IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            Begin(json);
            json.WriteStartArray("choices"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, step.Choice);
            json.WriteStartObject("delta"u8);
            if (_begun.Add(step.Choice))
                json.WriteString("role"u8, "assistant"u8);
            WriteDelta(json, step);
            json.WriteEndObject();
            json.WritePropertyName("logprobs"u8);
            if (step.Kind == HubEventKind.Logprobs && step.Json is { } logprobs)
                logprobs.WriteTo(json);
            else
                json.WriteNullValue();
            json.WriteString("finish_reason"u8, step.Kind == HubEventKind.Finish ? OpenAiFinish.Write(step.Finish) ?? "stop" : null);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString("object"u8, "chat.completion.chunk"u8);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, shown.Model);
    }

    private static void WriteDelta(Utf8JsonWriter json, in HubEvent step)
    {
        switch (step.Kind)
        {
            case HubEventKind.Text:
                json.WriteString("content"u8, step.Text);
                return;
            case HubEventKind.Refusal:
                json.WriteString("refusal"u8, step.Text);
                return;
            case HubEventKind.Thinking:
                json.WriteString("reasoning_content"u8, step.Text);
                return;
            case HubEventKind.CallSignature when step.Signature is { } seal:
                json.WriteStartArray("tool_calls"u8);
                json.WriteStartObject();
                json.WriteNumber("index"u8, step.Call);
                OpenAiCalls.WriteSignature(json, seal);
                json.WriteEndObject();
                json.WriteEndArray();
                return;
            case HubEventKind.Signature or HubEventKind.HiddenThinking:
                json.WriteStartArray("thinking_blocks"u8);
                OpenAiThoughts.WriteBlock(json, new HubThinking("")
                {
                    Signature = step.Signature,
                    IsHidden = step.Kind == HubEventKind.HiddenThinking,
                });
                json.WriteEndArray();
                return;
            case HubEventKind.ToolCall:
                json.WriteStartArray("tool_calls"u8);
                OpenAiCalls.Write(json, new HubToolCall(step.Id ?? "", step.Name ?? "", step.Text ?? "")
                {
                    IsCustom = step.IsCustom,
                    Signature = step.Signature,
                }, step.Call);
                json.WriteEndArray();
                return;
            case HubEventKind.ToolArguments:
                WriteArguments(json, step);
                return;
            case HubEventKind.Media when step.Media is { } media:
                OpenAiImages.Write(json, [media]);
                return;
            case HubEventKind.Citation when step.Json is { } citation:
                OpenAiCitations.Write(json, [new HubText("") { Citations = citation, CitationFormat = step.Format }]);
                return;
        }
    }

    private static void WriteArguments(Utf8JsonWriter json, in HubEvent step)
    {
        json.WriteStartArray("tool_calls"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, step.Call);
        json.WriteStartObject(step.IsCustom ? "custom"u8 : "function"u8);
        json.WriteString(step.IsCustom ? "input"u8 : "arguments"u8, step.Text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (shown.IncludesUsage && _usage is { } usage)
        {
            output.Write("data: "u8);
            using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
            {
                Begin(json);
                json.WriteStartArray("choices"u8);
                json.WriteEndArray();
                OpenAiUsageWriter.Write(json, usage, shown.CostOf?.Invoke(new(usage, _service, _bill)));
                json.WriteEndObject();
            }
            output.Write("\n\n"u8);
        }
        output.Write("data: [DONE]\n\n"u8);
    }
}
