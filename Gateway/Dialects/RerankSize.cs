using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects;

/// <summary>Bounds what a rerank is billed at, from the bytes of its query and documents.</summary>
internal static class RerankSize
{
    /// <summary>
    /// Cohere bills a search unit for a query with up to a hundred documents, and counts a document that has more than 500 tokens together
    /// with the query as several (docs.cohere.com/docs/how-does-cohere-pricing-work). What a long query leaves of that is not documented.
    /// </summary>
    private const long DocumentsPerUnit = 100, TokensPerDocument = 500, LeastLeft = 100;

    /// <summary>For the marks around a pair of query and document.</summary>
    private const long PairTokens = 16;

    /// <summary>Finds the bounds.</summary>
    /// <param name="documents">The JSON value; each element is a document. Empty: there are none.</param>
    /// <param name="query">The JSON value. Empty: there is none.</param>
    /// <param name="bodyLength">Of the whole body, in bytes: no token is shorter than one.</param>
    public static (BilledUnits Units, InputSize Size) Of(
        ReadOnlySequence<byte> documents, ReadOnlySequence<byte> query, long bodyLength)
    {
        var left = Math.Max(LeastLeft, TokensPerDocument - query.Length);
        var (count, chunks, files) = (0L, 0L, IsText(query) ? 0 : 1);
        var reader = BodyScanner.Reader(documents);
        if (!documents.IsEmpty && reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = reader.TokenStartIndex;
                // An object may be a text with its fields, or a picture by its address, whose tokens no byte tells.
                files += reader.TokenType == JsonTokenType.StartObject && HasMore(ref reader) ? 1 : 0;
                reader.Skip();
                chunks += Math.Max(1, (reader.BytesConsumed - start + left - 1) / left);
                count++;
            }
        }
        var text = bodyLength + (count + 1) * (query.Length + PairTokens);
        return (
            new BilledUnits { SearchUnits = Math.Max(1, (chunks + DocumentsPerUnit - 1) / DocumentsPerUnit) },
            new InputSize { Estimate = InputEstimate.TokensOf(text), TextAtMost = text, Files = files });
    }

    private static bool IsText(ReadOnlySequence<byte> json) => json.IsEmpty || json.FirstSpan is [(byte)'"', ..];

    /// <summary>True when an object holds something else than a text; leaves the reader at the object's start.</summary>
    private static bool HasMore(ref Utf8JsonReader reader)
    {
        var look = reader;
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            if (!look.ValueTextEquals("text"u8))
                return true;
            look.Skip();
        }
        return false;
    }
}
