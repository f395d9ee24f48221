using System.Buffers.Text;
using System.Text;
using Gateway.Dialects.Hub;

namespace Gateway.Dialects.Gemini;

/// <summary>
/// The place of a seal in Google's parts. It is bytes there, and Google's SDKs decode it: another dialect's seal with its mark stands in
/// base64 once more.
/// </summary>
internal static class GeminiSeal
{
    /// <summary>What base64 makes of the mark that seals of other dialects begin with.</summary>
    private const string MarkInBase64 = "Z3c6";

    public static string Write(ThoughtSignature seal) => seal.For(WireFormat.Gemini)
        ?? Convert.ToBase64String(Encoding.UTF8.GetBytes(seal.WrittenIn(WireFormat.Gemini)));

    /// <summary>Reads a seal; SDKs may have written it in the alphabet for URLs.</summary>
    public static ThoughtSignature? Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (!text.StartsWith(MarkInBase64, StringComparison.Ordinal))
            return new(WireFormat.Gemini, text);
        try
        {
            var decoded = Base64Url.DecodeFromChars(text.Replace('+', '-').Replace('/', '_').TrimEnd('='));
            return ThoughtSignature.ReadFrom(WireFormat.Gemini, Encoding.UTF8.GetString(decoded));
        }
        catch (FormatException)
        {
            return new(WireFormat.Gemini, text);
        }
    }
}
