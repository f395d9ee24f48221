using System.Security.Cryptography;

namespace Gateway.Config;

/// <summary>A file that was looked for while a config was read, and what it held.</summary>
/// <param name="Path">The full path.</param>
/// <param name="Hash">SHA-256 of the content in hex. Empty: there was no such file, or it could not be read.</param>
/// <param name="MaxBytes">How large it may be to be read.</param>
/// <param name="IsReadOnce">True for a pipe (<c>--config &lt;(…)</c>), which has nothing to say a second time.</param>
public readonly record struct ReadFile(string Path, string Hash, int MaxBytes = ConfigFile.MaxBytes, bool IsReadOnce = false)
{
    /// <summary>A file that is not there, and counts when it comes.</summary>
    public static ReadFile Missing(string path, int maxBytes = ConfigFile.MaxBytes) => new(System.IO.Path.GetFullPath(path), "", maxBytes);

    /// <summary>A file that was read.</summary>
    public static ReadFile Of(FileStream file, ReadOnlySpan<byte> content, int maxBytes) => new(
        System.IO.Path.GetFullPath(file.Name), Convert.ToHexString(SHA256.HashData(content)), maxBytes, IsReadOnce: !file.CanSeek);

    /// <summary>The file as it is now.</summary>
    public ReadFile Again()
    {
        try
        {
            if (File.Exists(Path))
            {
                using var file = ConfigFile.Open(Path);
                if (ConfigFile.ReadBytes(file, MaxBytes) is { } content)
                    return Of(file, content, MaxBytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // as when it was looked for: it cannot be read
        }
        return Missing(Path, MaxBytes);
    }
}
