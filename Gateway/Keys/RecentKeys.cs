using System.Runtime.CompilerServices;

namespace Gateway.Keys;

/// <summary>
/// Remembers which header texts were authenticated lately, so that a client on a kept connection is not hashed again for each
/// request.
/// </summary>
/// <remarks>
/// The web server hands out the same string object while a connection's header stays the same to the byte. So only the object's
/// identity is compared, never a secret's text: there is nothing to time. Thread-safe; of two that fall on one place the later stays.
/// </remarks>
internal sealed class RecentKeys
{
    /// <summary>A power of two, some times the connections of a busy gateway; an entry is two references.</summary>
    private const int Places = 1024;

    private readonly Entry?[] _entries = new Entry?[Places];

    private sealed record Entry(string Header, Caller Caller);

    /// <summary>Who was authenticated with this very string. Null: it is not remembered.</summary>
    public Caller? Find(string header) =>
        Volatile.Read(ref _entries[PlaceOf(header)]) is { } entry && ReferenceEquals(entry.Header, header) ? entry.Caller : null;

    public void Remember(string header, Caller caller) => Volatile.Write(ref _entries[PlaceOf(header)], new Entry(header, caller));

    private static int PlaceOf(string header) => RuntimeHelpers.GetHashCode(header) & (Places - 1);
}
