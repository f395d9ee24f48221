using System.Runtime.InteropServices;
using System.Text.Json;
using Gateway.Dialects.OpenAi;

namespace Gateway.Dialects.Responses;

/// <summary>What an answer says of its tokens and of its bill.</summary>
internal readonly record struct ResponsesUsage(Usage? Tokens, string? Raw, ReportedBill? Bill, ServiceTier? Service)
{
    public static ResponsesUsage Read(JsonElement response)
    {
        ServiceTier? service = response.TryGetProperty("service_tier"u8, out var tier) && tier.ValueKind == JsonValueKind.String
            ? ServiceTierNames.Read(JsonMarshal.GetRawUtf8Value(tier)[1..^1])
            : null;
        if (!response.TryGetProperty("usage"u8, out var usage) || usage.ValueKind != JsonValueKind.Object)
            return new(null, null, null, service);
        var raw = JsonMarshal.GetRawUtf8Value(usage);
        var reader = new Utf8JsonReader(raw, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
        reader.Read();
        var tokens = OpenAiUsage.Read(ref reader, out var bill, isResponses: true);
        return new(tokens, tokens is null ? null : StreamTranslator.KeepRawUsage(raw), bill.ToBill(), service);
    }
}
