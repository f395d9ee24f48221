using System.Text;

namespace Gateway.Config;

/// <summary>Reads a small file that holds credentials, whenever they are needed: whoever keeps it may renew it at any time.</summary>
internal static class CredentialFile
{
    /// <summary>A service account's takes 2.5 kB, a machine's AWS profiles rarely more than ten.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>The text, without byte order mark. Null: it cannot be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong with it, as the rest of a sentence that begins with its path. Null: nothing.</param>
    public static string? Read(string path, out string? problem)
    {
        problem = null;
        try
        {
            using var file = ConfigFile.Open(path);
            if (ConfigFile.ReadBytes(file, MaxBytes) is { } bytes)
            {
                using var text = new StreamReader(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count), Encoding.UTF8);
                return text.ReadToEnd();
            }
            problem = $"is larger than {MaxBytes >> 20} MB";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = "does not exist";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = "cannot be opened: it is no file, or reading it is not allowed";
        }
        return null;
    }
}
