using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Config;

/// <summary>Writes YAML values as JSON by YAML 1.2's core schema: plain numbers, booleans and null are typed, the rest is text.</summary>
internal static partial class YamlJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        // The JSON goes to a provider, not into a web page: non-ASCII stays readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The JSON text of a value, references resolved. A missing variable is null.</summary>
    public static string Write(YamlNode node, ReadingContext context, string path)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, Options))
            Write(writer, node, context, path);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    // The recursion is as deep as the file nests: at most YamlComposer.MaxNesting.
    private static void Write(Utf8JsonWriter writer, YamlNode node, ReadingContext context, string path)
    {
        switch (node)
        {
            case YamlMap map:
                writer.WriteStartObject();
                foreach (var entry in map.Entries)
                {
                    writer.WritePropertyName(entry.Key);
                    Write(writer, entry.Value, context, $"{path}.{FindingLog.Clip(entry.Key)}");
                }
                writer.WriteEndObject();
                break;
            case YamlList list:
                writer.WriteStartArray();
                for (var i = 0; i < list.Items.Count; i++)
                    Write(writer, list.Items[i], context, $"{path}[{i}]");
                writer.WriteEndArray();
                break;
            case YamlScalar scalar:
                WriteScalar(writer, scalar, context, path);
                break;
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, YamlScalar scalar, ReadingContext context, string path)
    {
        var resolved = context.ResolveVerbatim(scalar, path);
        if (resolved.Text is not { } text)
            writer.WriteNullValue();
        else if (resolved.Resolution == Resolution.Value && !scalar.IsPlain)
            writer.WriteStringValue(text);
        else if (text is "true" or "True" or "TRUE")
            writer.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE")
            writer.WriteBooleanValue(false);
        else if (resolved.Resolution == Resolution.Value && Number(text) is { } number)
            writer.WriteRawValue(number, skipInputValidation: true);
        else
            writer.WriteStringValue(text); // also .nan and .inf, which JSON cannot say, and variables, which LiteLLM keeps as text
    }

    /// <summary>The JSON spelling of a YAML number, digit by digit as it was written. Null: not a number.</summary>
    private static string? Number(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal) && text.Length is > 2 and < 40
            && BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            return hex.ToString(CultureInfo.InvariantCulture);
        if (text.StartsWith("0o", StringComparison.Ordinal) && text.Length is > 2 and < 20
            && text.AsSpan(2).IndexOfAnyExceptInRange('0', '7') < 0)
            return Convert.ToInt64(text[2..], 8).ToString(CultureInfo.InvariantCulture);
        if (NumberParts().Match(text) is not { Success: true } parts)
            return null;
        var whole = parts.Groups["whole"].Value.TrimStart('0');
        var fraction = parts.Groups["fraction"];
        return parts.Groups["minus"].Value + (whole.Length == 0 ? "0" : whole)
            + (fraction.Success ? "." + (fraction.Length == 0 ? "0" : fraction.Value) : "") + parts.Groups["exponent"].Value;
    }

    [GeneratedRegex(@"^(\+|(?<minus>-))?(?=\.?[0-9])(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?(?<exponent>[eE][-+]?[0-9]+)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex NumberParts();
}
