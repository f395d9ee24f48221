using Gateway.Dialects.Hub;
using Gateway.Dialects.Responses;

namespace Gateway.Pipeline;

/// <summary>
/// Keeps conversations for clients that go on from an answer's id (<c>previous_response_id</c>) where the provider keeps none. In memory
/// alone, and never for long: a client that is told that an answer is not found sends the conversation itself.
/// </summary>
public sealed class ResponseStore : IDisposable
{
    public const long DefaultMaxBytes = 64 * 1024 * 1024;

    /// <summary>OpenAI keeps answers for 30 days, on disks.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    /// <summary>The entry itself, and its places in the lists and the table.</summary>
    private const int BytesPerEntry = 512;

    private readonly TimeProvider _time;
    private readonly long _maxBytes;
    private readonly TimeSpan _lifetime;
    private readonly ITimer _cleaning;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Caller, string Id), Entry> _entries = [];

    /// <summary>All of them: the one that was asked for last stands first, and the one that was kept first.</summary>
    private readonly LinkedList<Entry> _byUse = [], _byAge = [];
    private long _bytes;

    private sealed class Entry
    {
        public Entry() => (Use, Age) = (new(this), new(this));

        public required (string Caller, string Id) Key { get; init; }
        public required IReadOnlyList<HubMessage> Messages { get; init; }
        public required long Bytes { get; init; }
        public required DateTimeOffset Until { get; init; }

        /// <summary>Its place in each list.</summary>
        public LinkedListNode<Entry> Use { get; }
        public LinkedListNode<Entry> Age { get; }
    }

    /// <param name="maxBytes">The most memory that all conversations take together; those that were not asked for longest go first.</param>
    /// <param name="lifetime">How long a conversation is kept after its answer. Null: <see cref="DefaultLifetime"/>.</param>
    public ResponseStore(TimeProvider time, long maxBytes = DefaultMaxBytes, TimeSpan? lifetime = null)
    {
        (_time, _maxBytes, _lifetime) = (time, maxBytes, lifetime ?? DefaultLifetime);
        _cleaning = time.CreateTimer(static store => ((ResponseStore)store!).RemoveExpired(), this, _lifetime / 4, _lifetime / 4);
    }

    /// <summary>About how much memory is taken.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    /// <summary>Keeps a conversation with its answer.</summary>
    /// <param name="caller">The key that it belongs to.</param>
    /// <param name="id">The answer's id.</param>
    /// <param name="request">What was asked, resumed where it went on from another answer. Its parts are copied.</param>
    /// <param name="answer">What was answered.</param>
    public void Keep(string caller, string id, HubRequest request, IReadOnlyList<HubPart> answer)
    {
        // Instructions are said anew with each request.
        var said = request.Instructions is null ? request.Messages : request.Messages.Skip(1);
        var copy = new HubSnapshot(answer.Count == 0 ? said : said.Append(new HubMessage(HubRole.Assistant, [.. answer])));
        var entry = new Entry
        {
            Key = (caller, id),
            Messages = copy.Messages,
            Bytes = copy.Bytes + BytesPerEntry + sizeof(char) * (caller.Length + id.Length),
            Until = _time.GetUtcNow() + _lifetime,
        };
        if (entry.Bytes > _maxBytes)
            return;
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Key, out var replaced))
                Remove(replaced);
            while (_bytes + entry.Bytes > _maxBytes)
                Remove(_byUse.Last!.Value);
            _entries[entry.Key] = entry;
            _byUse.AddFirst(entry.Use);
            _byAge.AddLast(entry.Age);
            _bytes += entry.Bytes;
        }
    }

    /// <summary>True when an answer of that id was kept for the caller, and is still.</summary>
    public bool Has(string caller, string id)
    {
        lock (_lock)
            return _entries.TryGetValue((caller, id), out var entry) && entry.Until > _time.GetUtcNow();
    }

    /// <summary>
    /// Puts what went before in front of a request that goes on from an answer, and items of answers where it refers to them; any other
    /// stays as it is.
    /// </summary>
    /// <returns>Null, or that there is no such answer for this caller: nobody learns whether another has it.</returns>
    public ApiError? Resume(string caller, HubRequest request)
    {
        if (request.PreviousResponseId is { } id)
        {
            if (Find(caller, id) is not { } earlier)
                return ApiError.PreviousResponseNotFound(id);
            request.Resume(earlier);
        }
        return ItemReferences.Resolve(request, answer => Find(caller, answer) is [.., { Role: HubRole.Assistant } last] ? last.Parts : null);
    }

    /// <summary>The conversation that ends with an answer. Null: it is not kept, or not this caller's.</summary>
    private IReadOnlyList<HubMessage>? Find(string caller, string id)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((caller, id), out var entry) || entry.Until <= _time.GetUtcNow())
                return null;
            _byUse.Remove(entry.Use);
            _byUse.AddFirst(entry.Use);
            return entry.Messages;
        }
    }

    private void RemoveExpired()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            while (_byAge.First?.Value is { } oldest && oldest.Until <= now)
                Remove(oldest);
        }
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Key);
        _byUse.Remove(entry.Use);
        _byAge.Remove(entry.Age);
        _bytes -= entry.Bytes;
    }

    public void Dispose() => _cleaning.Dispose();
}
