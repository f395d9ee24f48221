using System.Text.Json;

namespace Gateway.Pricing;

/// <summary>
/// A file of the price data, indexed by provider and not yet parsed: an array with one provider per line, whose first member is
/// <c>"provider"</c>.
/// </summary>
internal sealed class PriceFile
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _lines = [];

    /// <summary>Reads the whole stream and finds its lines.</summary>
    /// <exception cref="FormatException">A line without a provider at its start.</exception>
    public PriceFile(Stream stream)
    {
        using var buffer = new MemoryStream(stream.CanSeek ? (int)stream.Length : 0);
        stream.CopyTo(buffer);
        ReadOnlyMemory<byte> rest = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            Add(line.TrimEnd(" ,\r"u8).TrimStart(" "u8));
        }
    }

    /// <summary>The providers in file order.</summary>
    public IEnumerable<string> Providers => _lines.Keys;

    /// <summary>The JSON object of a provider. Null: the file does not know it.</summary>
    public ReadOnlyMemory<byte>? Find(string provider) =>
        _lines.TryGetValue(provider, out var line) ? line : default(ReadOnlyMemory<byte>?);

    /// <summary>The value of a member that stands before the models. Null: none.</summary>
    public JsonElement? FindHeadMember(string provider, ReadOnlySpan<byte> name)
    {
        if (Find(provider) is not { } line)
            return null;
        var reader = new Utf8JsonReader(line.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !reader.ValueTextEquals("models"u8))
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
                return JsonElement.ParseValue(ref reader);
            reader.Skip();
        }
        return null;
    }

    private void Add(ReadOnlyMemory<byte> line)
    {
        if (line.Length <= 1)   // the brackets around the array
            return;
        var reader = new Utf8JsonReader(line.Span);
        reader.Read();
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("provider"u8))
            throw new FormatException("A line of the price data does not begin with its provider.");
        reader.Read();
        _lines.Add(reader.GetString()!, line);
    }
}
