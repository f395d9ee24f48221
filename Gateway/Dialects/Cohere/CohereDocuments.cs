using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Cohere;

/// <summary>Documents that an answer may cite (https://docs.cohere.com/docs/retrieval-augmented-generation-rag).</summary>
internal static class CohereDocuments
{
    /// <summary>The text of a document of plain text. Null: it is none.</summary>
    public static string? TextOf(HubMedia document)
    {
        if (document.PlainText is { } plain)
            return plain;
        if (document.MediaType?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) != true || document.Base64.IsEmpty)
            return null;
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(document.Base64.Length)];
        return Base64.DecodeFromUtf8(document.Base64.Span, bytes, out _, out var length) == OperationStatus.Done
            && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length))
            ? Encoding.UTF8.GetString(bytes.AsSpan(0, length))
            : null;
    }

    /// <summary>Writes the list, those of the client's body and those of messages. Nothing where there are none.</summary>
    /// <param name="given">What the client itself gave as <c>documents</c>. Null: nothing.</param>
    public static void Write(Utf8JsonWriter json, HubRequest request, JsonElement? given)
    {
        var own = request.Messages.SelectMany(static message => message.Parts).OfType<HubMedia>()
            .Where(static media => media.Kind == HubMediaKind.Document).ToArray();
        if (own.Length == 0)
        {
            if (given is { } only)
            {
                json.WritePropertyName(CohereRequestWriter.Documents);
                only.WriteTo(json);
            }
            return;
        }
        json.WriteStartArray(CohereRequestWriter.Documents);
        if (given is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var item in list.EnumerateArray())
                item.WriteTo(json);
        }
        foreach (var document in own)
            Write(json, document);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, HubMedia document)
    {
        json.WriteStartObject();
        json.WriteStartObject("data"u8);
        if (document.Name is { Length: > 0 } title)
            json.WriteString("title"u8, title);
        json.WriteString("text"u8, TextOf(document));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
