using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Bedrock;

/// <summary>Reads an AWS event stream, whatever its events mean.</summary>
public abstract class AwsStreamReader : HubStreamReader
{
    public const string MediaType = "application/vnd.amazon.eventstream";

    public sealed override int Read(ReadOnlySpan<byte> received, bool atEnd, List<HubEvent> steps)
    {
        var consumed = 0;
        while (!IsMalformed)
        {
            var length = AwsEventStream.TryRead(received[consumed..], out var message);
            if (length == 0)
                break;
            if (length == AwsEventStream.Malformed)
            {
                IsMalformed = true; // where the next message would begin, nobody knows
                break;
            }
            consumed += length;
            if (message.IsEvent)
                ReadEvent(message, steps);
            else
                steps.Add(new(HubEventKind.Error) { Json = ErrorOf(message) });
        }
        return atEnd || IsMalformed ? received.Length : consumed;
    }

    /// <summary>Reads one event.</summary>
    protected abstract void ReadEvent(in AwsEvent message, List<HubEvent> steps);

    /// <summary>What a message of a failure says, in the form of most errors: <c>{"error": {message, type, code}}</c>.</summary>
    internal static JsonElement ErrorOf(in AwsEvent message)
    {
        var payload = HubJson.TryParse(message.Payload) ?? default;
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, HubJson.WriteOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("error"u8);
            json.WriteString("message"u8, TextOf(payload) ?? Encoding.UTF8.GetString(message.ErrorMessage));
            json.WriteString("type"u8, Encoding.UTF8.GetString(message.EventType));
            json.WriteString("code"u8, StatusOf(message.EventType, payload));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return HubJson.TryParse(output.WrittenSpan) ?? default;
    }

    private static string? TextOf(JsonElement payload)
    {
        try
        {
            return payload.FindText("message"u8) ?? payload.FindText("originalMessage"u8);
        }
        catch (InvalidOperationException)
        {
            return null; // not Unicode
        }
    }

    /// <summary>Each one's status (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html).</summary>
    private static string StatusOf(ReadOnlySpan<byte> type, JsonElement payload)
    {
        if (payload.FindCount("originalStatusCode"u8) is >= 400 and <= 599 and var original)
            return original.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return type switch
        {
            _ when type.SequenceEqual("throttlingException"u8) => "429",
            _ when type.SequenceEqual("validationException"u8) => "400",
            _ when type.SequenceEqual("modelTimeoutException"u8) => "408",
            _ when type.SequenceEqual("modelStreamErrorException"u8) => "424",
            _ when type.SequenceEqual("serviceUnavailableException"u8) => "503",
            _ => "500",
        };
    }
}
