using System.Globalization;
using System.Text;

namespace Gateway.Storage;

/// <summary>
/// Keeps a second gateway from serving on the same database. The lock is the operating system's, on <c>FILE.lock</c>, and
/// ends with its process, however that ends; the file itself stays and does not matter. It holds the pid of its owner.
/// </summary>
public sealed class DatabaseLock : IDisposable
{
    private readonly FileStream _held;

    private DatabaseLock(FileStream held) => _held = held;

    /// <summary>
    /// Takes the lock. The owner shows its pid to others, so it must hold the file in a way that lets them read: .NET locks
    /// exclusively with FileShare.None and shared with FileShare.Read, and cannot turn one into the other. Hence three steps:
    /// 1 open the file exclusively, which fails while an owner lives, and write pid and a token; 2 open it again, shared;
    /// 3 read it: whoever of two that started at the same moment finds the other's token gives way.
    /// </summary>
    /// <exception cref="StorageException">Another process serves on the database, or the file cannot be made.</exception>
    public static DatabaseLock Take(string databasePath)
    {
        var path = Path.GetFullPath(databasePath) + ".lock";
        var mark = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {Guid.NewGuid():N}\n");
        if (!WriteMark(path, mark)) // 1
            throw InUse(databasePath, path);

        FileStream held;
        try
        {
            held = OpenShared(path); // 2
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            throw InUse(databasePath, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e);
        }

        if (ReadMark(held) == mark) // 3
            return new DatabaseLock(held);
        held.Dispose();
        throw InUse(databasePath, path);
    }

    public void Dispose() => _held.Dispose();

    /// <summary>False when somebody holds the file.</summary>
    private static bool WriteMark(string path, string mark)
    {
        FileStream exclusive;
        try
        {
            exclusive = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw new StorageException($"{path}: cannot be written; check that the folder exists and its rights.", e);
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            return false;
        }
        catch (IOException e)
        {
            throw Unusable(path, e);
        }

        using (exclusive)
        {
            try
            {
                exclusive.SetLength(0);
                exclusive.Write(Encoding.ASCII.GetBytes(mark));
                exclusive.Flush();
                return true;
            }
            catch (IOException e)
            {
                throw Unusable(path, e);
            }
        }
    }

    /// <summary>
    /// What .NET keeps of the system's error: on Windows ERROR_SHARING_VIOLATION or ERROR_LOCK_VIOLATION in the low half, elsewhere
    /// the errno of flock, EWOULDBLOCK, which is 11 on Linux and 35 on macOS.
    /// </summary>
    private static bool IsHeldByAnother(IOException e) =>
        OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 32 or 33 : e.HResult is 11 or 35;

    /// <summary>A read-only file system, no space, no such name …: in the system's words.</summary>
    private static StorageException Unusable(string path, Exception e) =>
        new($"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);

    private static FileStream OpenShared(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read);

    private static string ReadMark(FileStream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        return reader.ReadToEnd();
    }

    private static StorageException InUse(string databasePath, string path) => new(
        $"{Path.GetFullPath(databasePath)}: another gateway{OwnerOf(path)} serves on it; stop that one, or name another file with --db.");

    /// <summary><c> (pid 4711)</c>; empty when the owner is just writing it.</summary>
    private static string OwnerOf(string path)
    {
        try
        {
            using var file = OpenShared(path);
            var pid = ReadMark(file).Split(' ')[0];
            return pid.Length is > 0 and <= 10 && pid.All(char.IsAsciiDigit) ? $" (pid {pid})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
