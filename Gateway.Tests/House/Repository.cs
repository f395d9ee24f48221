namespace Gateway.Tests.House;

/// <summary>The source tree that the tests were built from, found from where they run.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot(TestContext.CurrentContext.TestDirectory);

    /// <summary>The gateway's own source files: path relative to <c>Gateway/</c> with slashes, and text.</summary>
    public static IEnumerable<(string Path, string Text)> Sources()
    {
        var folder = Path.Combine(Root, "Gateway");
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (!path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
                yield return (path, File.ReadAllText(file));
        }
    }

    private static string FindRoot(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Gateway.slnx")))
                return at.FullName;
        }
        throw new DirectoryNotFoundException($"No folder above {folder} holds Gateway.slnx.");
    }
}
