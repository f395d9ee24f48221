using System.Buffers;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.OpenAi;

/// <summary>Writes a stream of OpenAI's legacy completions.</summary>
internal sealed class OpenAiCompletionsStreamWriter(HubShown shown) : HubStreamWriter
{
    private string? _id;
    private Usage? _usage;
    private ServiceTier? _service;
    private ReportedBill? _bill;

    public override void Write(in HubEvent step, IBufferWriter<byte> output)
    {
        switch (step.Kind)
        {
            case HubEventKind.Start:
                _id ??= OpenAiIds.Completion(step.Id, shown);
                return;
            case HubEventKind.Usage:
                (_usage, _service, _bill) = (step.Usage ?? _usage, step.Service ?? _service, step.Bill ?? _bill);
                return;
            case HubEventKind.Text or HubEventKind.Refusal when step.Text is { Length: > 0 } text:
                WriteChunk(step.Choice, text, null, null, output);
                return;
            case HubEventKind.Finish:
                WriteChunk(step.Choice, "", OpenAiFinish.Write(step.Finish) ?? "stop", null, output);
                return;
        }
    }

    private void WriteChunk(int? choice, string text, string? finish, Usage? usage, IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, _id ??= OpenAiIds.Completion(null, shown));
            json.WriteString("object"u8, "text_completion"u8);
            json.WriteNumber("created"u8, shown.Now.ToUnixTimeSeconds());
            json.WriteString("model"u8, shown.Model);
            json.WriteStartArray("choices"u8);
            if (choice is { } index)
                OpenAiCompletionsClient.WriteChoice(json, index, text, finish);
            json.WriteEndArray();
            if (usage is { } tokens)
                OpenAiUsageWriter.Write(json, tokens, shown.CostOf?.Invoke(new(tokens, _service, _bill)));
            json.WriteEndObject();
        }
        output.Write("\n\n"u8);
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (shown.IncludesUsage && _usage is not null)
            WriteChunk(null, "", null, _usage, output);
        output.Write("data: [DONE]\n\n"u8);
    }
}
