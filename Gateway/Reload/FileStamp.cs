namespace Gateway.Reload;

/// <summary>What the file system says of a file without opening it: another when the file may have changed.</summary>
/// <param name="Target">The file that links lead to: in a Kubernetes volume a new one takes its place.</param>
/// <param name="Length">-1: there is no such file, or it may not be looked at.</param>
internal readonly record struct FileStamp(string Path, string Target, DateTime Written, long Length)
{
    public bool IsThere => Length >= 0;

    public static FileStamp Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
                file = target;
            return file.Exists ? new(path, file.FullName, file.LastWriteTimeUtc, file.Length) : Missing(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Missing(path);
        }
    }

    private static FileStamp Missing(string path) => new(path, path, default, -1);
}
