using Gateway.Storage;

namespace Gateway.Tests.Storage;

/// <summary>A folder of one test, removed with everything in it.</summary>
public sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    public string Path => _folder.FullName;

    /// <summary>The path of a file in the folder, which need not exist.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The database of the folder, new or as an earlier call left it.</summary>
    public Database OpenDatabase() => Database.Open(File("gateway.db"), syncEveryCommit: false);

    public void Dispose() => _folder.Delete(recursive: true);
}
