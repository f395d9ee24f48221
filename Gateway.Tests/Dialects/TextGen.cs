using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;

namespace Gateway.Tests.Dialects;

/// <summary>Makes texts that tokenizers find easy, and hard ones.</summary>
internal static class TextGen
{
    private static readonly string[] Pieces =
    [
        "the", " quick", " brown", "fox", "Antidisestablishmentarianism", "don't", "it's", " WE'LL", "\n", "\r\n", "\n\n\n",
        " ", "    ", "\t", "\t\t", "                                        ", "0", "7", "1234567890", "3.14159", "\u0000",
        "\u0001", "\u0007", "\u001b[0m", "\u007f", "\u0085", "é", "ß", "Ω", "Ж", "你", "好", "世界", "です", "カタカナ", "안녕하세요",
        "مرحبا", "नमस्ते", "ไทย", "עברית", "𝔘𝔫𝔦", "ﷺ", "\u0301", "\u0300\u0327", "ẛ̣", "🤦🏽‍♂️", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "😀",
        "🇩🇪", "\u200b", "\u200d", "\ufeff", "\ufffd", "\u2028", "{", "}", "();", "=>", "//", "/* */", "&&", "!=",
        "<div class=\"x\">", "\\", "\"", "'", "public static void Main()", "    return x;\n", "SELECT * FROM t;",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", "////", "==", "aaaaaaaa", "AAAAAAAAAAAAAAAA", "http://a.b/c?d=e",
        "<|endoftext|>", "<|im_start|>", ".", ",", "...", "—", "“", "”", "%20", "\u00a0", "١٢٣", "Ⅷ", "½",
    ];

    /// <summary>A text of some pieces, or of one many times.</summary>
    public static readonly Gen<string> Text = Gen.Frequency(
        (6, Gen.OneOf(Pieces).Array[0, 60].Select(string.Concat)),
        (2, Gen.Select(Gen.OneOf(Pieces), Gen.Int[1, 200])
            .Select((piece, times) => new StringBuilder().Insert(0, piece, times).ToString())),
        (2, Gen.Char[' ', '\ud7ff'].Array[0, 40].Select(chars => new string(chars))),
        (1, Gen.Char['\0', '\u001f'].Array[0, 60].Select(chars => new string(chars))));

    /// <summary>A tool with some properties.</summary>
    public static readonly Gen<ToolCase> Tool = Gen.Select(Text, Gen.Int[0, 40], Gen.Int[0, 6]).Select((text, properties, values) => new ToolCase(
        "f", text, [.. Enumerable.Range(0, properties).Select(i => $"property_{i}")], [.. Enumerable.Range(0, values).Select(i => $"{i}")]));

    /// <summary>As Python's json.dumps writes it, or as JavaScript's JSON.stringify does.</summary>
    public static string Json(object value, bool isAscii, bool isIndented = false) =>
        JsonSerializer.Serialize(value, isIndented ? Indented : isAscii ? Ascii : Relaxed);

    private static readonly JsonSerializerOptions Ascii = new() { Encoder = JavaScriptEncoder.Default };
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Relaxed) { WriteIndented = true, IndentSize = 4 };
}

/// <summary>A function and its properties, all of them strings of these values.</summary>
internal sealed record ToolCase(string Name, string Description, string[] Properties, string[] Values)
{
    /// <summary>As a client sends it.</summary>
    public object[] Json =>
    [
        new
        {
            type = "function",
            function = new
            {
                name = Name,
                description = Description,
                parameters = new
                {
                    type = "object",
                    properties = Properties.ToDictionary(name => name, _ => new { type = "string", description = Description, @enum = Values }),
                },
            },
        },
    ];
}
