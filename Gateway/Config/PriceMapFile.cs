using System.Text.Json;

namespace Gateway.Config;

/// <summary>A price map of LiteLLM's format that the config or LITELLM_MODEL_COST_MAP_URL names, read and found to be JSON.</summary>
public sealed record PriceMapFile
{
    /// <summary>LiteLLM's setting, and the file's name in messages.</summary>
    public const string Key = "model_cost_map_url";

    private const string Variable = "LITELLM_MODEL_COST_MAP_URL"; // LiteLLM's

    /// <summary>LiteLLM's own file has 1.5 MB.</summary>
    private const int MaxBytes = 16 << 20;

    /// <summary>The file's name without its folder.</summary>
    public required string Name { get; init; }

    /// <summary>UTF-8 JSON without byte order mark, whose outermost value is an object.</summary>
    public required ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>The path, for messages.</summary>
    public required string File { get; init; }

    /// <summary>
    /// Reads the file that the key, else the variable, names. A file that is named and cannot be read is fatal: with other prices
    /// than those that were meant, budgets would be wrong without a sign.
    /// </summary>
    /// <returns>Null: none is named, or it is not here.</returns>
    internal static PriceMapFile? Read(YamlSection s)
    {
        if (s.Text(Key) is { } named)
        {
            var entry = s.Map.Find(Key)!;
            var folder = Path.GetDirectoryName(entry.File) ?? "";
            return Open(named, folder, (kind, message) => s.Report(kind, Key, message), s.Context.Findings);
        }
        if (s.Has(Key) || !s.Context.Environment.TryGetValue(Variable, out var text) || text.Length == 0)
            return null;
        return Open(text, "", (kind, message) => s.Context.Findings.Add(kind, Variable, 0, "", message), s.Context.Findings);
    }

    private static PriceMapFile? Open(string named, string folder, Action<FindingKind, string> report, FindingLog findings)
    {
        var path = named;
        if (named.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(named, UriKind.Absolute, out var uri) || !uri.IsFile)
            {
                report(FindingKind.Ignored,
                    "is not fetched, prices come from this machine only: download the file and write its path here");
                return null;
            }
            path = uri.LocalPath;
        }
        path = Path.Combine(folder, path);
        try
        {
            using var file = ConfigFile.Open(path);
            if (file.Length <= MaxBytes && ConfigFile.ReadBytes(file, MaxBytes) is { } bytes)
            {
                findings.Files.Add(ReadFile.Of(file, bytes, MaxBytes));
                return Parse(bytes, path, findings);
            }
            report(FindingKind.Fatal, $"names {FindingLog.Clip(path)}, which is larger than {MaxBytes >> 20} MB");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            report(FindingKind.Fatal, $"names {FindingLog.Clip(path)}, which does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            report(FindingKind.Fatal,
                $"names {FindingLog.Clip(path)}, which cannot be opened: it is no file, or reading it is not allowed");
        }
        if (path.Length > 0 && !path.Contains('\0')) // else there can never be such a file
            findings.Files.Add(ReadFile.Missing(path, MaxBytes));
        return null;
    }

    private static PriceMapFile? Parse(ReadOnlyMemory<byte> json, string path, FindingLog findings)
    {
        if (json.Span.StartsWith("\uFEFF"u8))
            json = json[3..];
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            if (reader.Read() && reader.TokenType != JsonTokenType.StartObject)
                findings.Add(FindingKind.Fatal, path, 1, "", "must be a JSON object with a member per model, as LiteLLM's price map is");
            else
            {
                while (reader.Read())
                    continue;
                return new PriceMapFile { Name = Path.GetFileName(path), Json = json, File = path };
            }
        }
        catch (JsonException e)
        {
            findings.Add(FindingKind.Fatal, path, (int)(e.LineNumber ?? 0) + 1, "",
                "is no JSON: NaN, comments and commas at an end are not allowed");
        }
        return null;
    }
}
