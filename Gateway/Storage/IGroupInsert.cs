namespace Gateway.Storage;

/// <summary>Writes the entries of one <see cref="WriteQueue{T}"/> with statements that are prepared once. One thread at a time.</summary>
internal interface IGroupInsert<T> : IDisposable
{
    /// <summary>Writes the entries inside the transaction that has begun; it throws when it cannot, and is then disposed of.</summary>
    void Write(ReadOnlySpan<T> entries);
}
