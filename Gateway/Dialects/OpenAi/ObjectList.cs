using System.Buffers;
using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>One object of OpenAI's API as far as ids are concerned.</summary>
/// <param name="Id">Null: it has none.</param>
/// <param name="Files">The files that a batch has written.</param>
/// <param name="Json">Where it stands in the answer.</param>
public readonly record struct ListedObject(string? Id, string[] Files, Range Json);

/// <summary>A page of a list of files or batches.</summary>
public sealed class ObjectList
{
    private ObjectList(List<ListedObject> items, bool hasMore) => (Items, HasMore) = (items, hasMore);

    public IReadOnlyList<ListedObject> Items { get; }

    /// <summary>True when the provider says that there are more.</summary>
    public bool HasMore { get; }

    /// <summary>Reads a page. Null: it is no list.</summary>
    public static ObjectList? Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
        List<ListedObject>? items = null;
        var hasMore = false;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isData, isMore) = (reader.ValueTextEquals("data"u8), reader.ValueTextEquals("has_more"u8));
                reader.Read();
                if (isData && reader.TokenType == JsonTokenType.StartArray)
                    items = ReadItems(ref reader);
                else if (isMore)
                    hasMore = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: a text that is not Unicode
        {
            return null;
        }
        return items is null ? null : new ObjectList(items, hasMore);
    }

    /// <summary>Reads one object. Null: it is none.</summary>
    public static ListedObject? ReadOne(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScanner.MaxDepth });
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? ReadItem(ref reader) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Writes a list of the same shape.</summary>
    /// <param name="items">Id and JSON of each.</param>
    public static void Write(IBufferWriter<byte> output, IReadOnlyList<(string Id, byte[] Json)> items, bool hasMore)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var (_, item) in items)
            json.WriteRawValue(item);
        json.WriteEndArray();
        json.WriteString("first_id", items.Count > 0 ? items[0].Id : null);
        json.WriteString("last_id", items.Count > 0 ? items[^1].Id : null);
        json.WriteBoolean("has_more", hasMore);
        json.WriteEndObject();
    }

    private static List<ListedObject> ReadItems(ref Utf8JsonReader reader)
    {
        var items = new List<ListedObject>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                items.Add(ReadItem(ref reader));
            else
                reader.Skip();
        }
        return items;
    }

    private static ListedObject ReadItem(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        string? id = null;
        var files = new List<string>(2);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isId = reader.ValueTextEquals("id"u8);
            var isFile = reader.ValueTextEquals("output_file_id"u8) || reader.ValueTextEquals("error_file_id"u8);
            reader.Read();
            if (isId && reader.TokenType == JsonTokenType.String)
                id = reader.GetString();
            else if (isFile && reader.TokenType == JsonTokenType.String)
                files.Add(reader.GetString()!);
            reader.Skip();
        }
        return new(id, [.. files], start..(int)reader.BytesConsumed);
    }
}
