using System.Text;

namespace Gateway.Config;

/// <summary>Reads a file of the config as text, within bounds.</summary>
internal static class ConfigFile
{
    /// <summary>Ten thousand deployments take about 2 MB.</summary>
    public const int MaxBytes = 10 << 20;

    /// <summary>The text, without byte order mark. Null, with a finding, when the file cannot be read.</summary>
    public static string? Read(string path, FindingLog findings, FindingKind failure = FindingKind.Fatal)
    {
        try
        {
            using var file = Open(path);
            if (ReadBytes(file, MaxBytes) is { } bytes)
            {
                findings.Files.Add(ReadFile.Of(file, bytes, MaxBytes));
                using var text = new StreamReader(new MemoryStream(bytes.Array!, 0, bytes.Count), Encoding.UTF8);
                return text.ReadToEnd();
            }
            findings.Add(failure, path, 0, "", $"is larger than {MaxBytes >> 20} MB");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            findings.Add(failure, path, 0, "", "does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            findings.Add(failure, path, 0, "", "cannot be opened: it is no file, or reading it is not allowed");
        }
        findings.Files.Add(ReadFile.Missing(path));
        return null;
    }

    /// <summary>Opens a file that others may be writing.</summary>
    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>The whole content. Null: there is more than may be.</summary>
    public static ArraySegment<byte>? ReadBytes(FileStream file, int maxBytes)
    {
        var expected = file.CanSeek && file.Length > 0 ? Math.Min(file.Length, maxBytes) : maxBytes; // a pipe does not say
        var bytes = new byte[expected + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > expected)
            return null;
        return new ArraySegment<byte>(bytes, 0, length);
    }
}
