using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Gateway.Dialects;

/// <summary>Counts the tokens of one text after another in bounded time, never too few.</summary>
/// <param name="tokenizer">Of OpenAI's kind: a pattern cuts the text into words, byte pairs are merged within each.</param>
/// <param name="chars">As many as the longest JSON string has bytes.</param>
internal readonly struct TextCounter(Tokenizer tokenizer, char[] chars)
{
    /// <summary>
    /// The tokenizer takes the square of a word's length: 100,000 times the same Chinese character took 48 s. A longer word counts by its
    /// bytes.
    /// </summary>
    private const int LongestWord = 64;

    /// <summary>What begins a control token, <c>&lt;|endoftext|&gt;</c>: one to this tokenizer, text to OpenAI's service.</summary>
    private const string ControlToken = "<|";

    /// <summary>More than the longest of them, <c>&lt;|endofprompt|&gt;</c>, has bytes, and what may fall apart beside it.</summary>
    private const int TokensPerControlToken = 24;

    /// <summary>The tokens of the reader's string at most.</summary>
    public long AtMost(scoped in Utf8JsonReader reader) => AtMost(chars.AsSpan(0, reader.CopyString(chars)));

    /// <summary>The same for a string that the provider may write as JSON, with escapes, or as the text that it says.</summary>
    public long AtMostAsJson(scoped in Utf8JsonReader reader)
    {
        var text = AtMost(reader);
        if (!reader.ValueIsEscaped)
            return text;
        var length = reader.HasValueSequence
            ? Encoding.UTF8.GetChars(reader.ValueSequence, chars)
            : Encoding.UTF8.GetChars(reader.ValueSpan, chars);
        return Math.Max(text, AtMost(chars.AsSpan(0, length)));
    }

    /// <summary>The tokens of the text at most: of all words together, those that are too long by their bytes.</summary>
    public long AtMost(ReadOnlySpan<char> text)
    {
        var sum = (long)text.Count(ControlToken) * TokensPerControlToken;
        var (counted, word) = (0, 0);
        for (var end = 1; end <= text.Length; end++)
        {
            if (end < text.Length && !IsBorder(text[end - 1], text[end]))
                continue;
            if (end - word > LongestWord)
            {
                sum += tokenizer.CountTokens(text[counted..word]) + Encoding.UTF8.GetByteCount(text[word..end]);
                counted = end;
            }
            word = end;
        }
        return sum + tokenizer.CountTokens(text[counted..]);
    }

    /// <summary>
    /// True where both encodings' patterns always cut, so that the parts count as much as the whole: no word goes on behind a letter with
    /// white space or punctuation, but for the apostrophe of a contraction, and the patterns look at nothing that lies before a word.
    /// </summary>
    private static bool IsBorder(char before, char after) =>
        char.IsLetter(before) && (char.IsWhiteSpace(after) || (char.IsPunctuation(after) && after != '\''));
}
