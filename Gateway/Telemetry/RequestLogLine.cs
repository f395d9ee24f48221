using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gateway.Telemetry;

/// <summary>One exchange as one line of text. Whatever a client sent is escaped, so that it cannot start a line of its own.</summary>
internal sealed class RequestLogLine(bool isJson) : IDisposable
{
    // What a value may consist of to stand without quotes.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@*");

    private readonly Utf8JsonWriter _json = new(Stream.Null);

    /// <summary>Appends the line with its line break.</summary>
    public void Append(ArrayBufferWriter<byte> output, Exchange exchange)
    {
        Begin(output, exchange.StartedAt, exchange.Status >= 500 ? "ERROR" : "INFO", "request");
        Write(output, exchange);
        End(output);
    }

    /// <summary>Appends the line that says how many are missing.</summary>
    public void AppendDropped(ArrayBufferWriter<byte> output, long count)
    {
        Begin(output, null, "WARNING", "request lines were dropped");
        Add(output, "count", count);
        End(output);
    }

    public void Dispose() => _json.Dispose();

    private void Write(ArrayBufferWriter<byte> output, Exchange exchange)
    {
        var last = exchange.Last;
        var usage = Total(exchange.Attempts, out var cost);
        Add(output, "id", exchange.Id);
        Add(output, "user", exchange.Caller?.UserId);
        Add(output, "key", exchange.Caller?.KeyAlias);
        Add(output, "end_user", exchange.EndUser);
        Add(output, "route", exchange.Route);
        Add(output, "model", exchange.RequestedModel);
        Add(output, "group", last?.ModelGroup ?? exchange.ModelGroup);
        Add(output, "deployment", last?.DeploymentId);
        Add(output, "provider", last?.Provider);
        Add(output, "status", exchange.Status);
        Add(output, "error", exchange.Error?.ExceptionClass);
        Add(output, "attempts", exchange.Attempts.Count);
        Add(output, "prompt_tokens", usage.Prompt);
        Add(output, "completion_tokens", usage.Completion);
        AddNumber(output, "cost", cost.ToString());
        AddNumber(output, "duration_ms", Milliseconds(exchange.Duration));
        if (last?.TimeToFirstToken is { } first)
            AddNumber(output, "ttft_ms", Milliseconds(first));
        AddNumber(output, "stream", exchange.IsStream ? "true" : "false");
    }

    private void Begin(ArrayBufferWriter<byte> output, DateTimeOffset? time, string level, string message)
    {
        var at = time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        if (!isJson)
        {
            Encoding.UTF8.GetBytes(at is null ? $"{level} {message}" : $"{at} {level} {message}", output);
            return;
        }
        _json.Reset(output);
        _json.WriteStartObject();
        if (at is not null)
            _json.WriteString("timestamp", at);
        _json.WriteString("level", level);
        _json.WriteString("message", message);
    }

    private void End(ArrayBufferWriter<byte> output)
    {
        if (isJson)
        {
            _json.WriteEndObject();
            _json.Flush();
        }
        output.Write("\n"u8);
    }

    /// <summary>Leaves out what is not known.</summary>
    private void Add(ArrayBufferWriter<byte> output, string name, string? value)
    {
        if (value is null)
            return;
        if (isJson)
            _json.WriteString(name, value);
        else if (value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Plain))
            Encoding.UTF8.GetBytes($" {name}={value}", output);
        else
            Encoding.UTF8.GetBytes($" {name}=\"{JavaScriptEncoder.Default.Encode(value)}\"", output);
    }

    private void Add(ArrayBufferWriter<byte> output, string name, long value) =>
        AddNumber(output, name, value.ToString(CultureInfo.InvariantCulture));

    private void AddNumber(ArrayBufferWriter<byte> output, string name, string value)
    {
        if (!isJson)
        {
            Encoding.UTF8.GetBytes($" {name}={value}", output);
            return;
        }
        _json.WritePropertyName(name);
        _json.WriteRawValue(value, skipInputValidation: true);
    }

    private static Usage Total(List<Attempt> attempts, out NanoUsd cost)
    {
        cost = NanoUsd.Zero;
        long input = 0, output = 0;
        foreach (var attempt in attempts)
        {
            cost += attempt.Cost;
            input += attempt.Usage.Prompt;
            output += attempt.Usage.Completion;
        }
        return new() { Input = input, Output = output };
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture);
}
