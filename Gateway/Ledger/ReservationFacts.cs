using System.Buffers.Binary;
using System.Text;

namespace Gateway.Ledger;

/// <summary>
/// What the row of an attempt will need that is known before its call, as bytes: the format (1 byte), the start (8, Unix milliseconds), the
/// number of the attempt (4), whether it is a stream (1), the input and output tokens at most (8 each), then the texts, each as its length
/// in bytes plus one (4; 0: none) and UTF-8. Numbers are little-endian.
/// </summary>
internal sealed class ReservationFacts
{
    private const byte Format = 2;

    /// <summary>Without the tokens.</summary>
    private const byte FirstFormat = 1;

    /// <summary>Format, start, number and stream.</summary>
    private const int HeadLength = 1 + sizeof(long) + sizeof(int) + 1;

    /// <summary>As <see cref="Pricing.ModelPrice"/> counts no more: sums of some million rows stay within 64 bits.</summary>
    private const long MostTokens = 1_000_000_000_000;

    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>Packs an attempt; the bytes are valid until the next one.</summary>
    /// <param name="tags">As JSON. Null: none.</param>
    public ReadOnlySpan<byte> Pack(Exchange exchange, Attempt attempt, Caller caller, string? tags)
    {
        _bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(1), attempt.StartedAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(1 + sizeof(long)), attempt.Number);
        _bytes[HeadLength - 1] = exchange.IsStream ? (byte)1 : (byte)0;
        _length = HeadLength;
        Add(attempt.InputAtMost);
        Add(attempt.OutputAtMost);
        Add(exchange.Id);
        Add(caller.KeyId);
        Add(caller.KeyAlias);
        Add(caller.UserId);
        Add(caller.TeamId);
        Add(exchange.EndUser);
        Add(tags);
        Add(exchange.Route);
        Add(exchange.RequestedModel);
        Add(attempt.ModelGroup);
        Add(attempt.DeploymentId);
        Add(attempt.Provider);
        Add(attempt.Model);
        Add(exchange.DecisionId.Length > 0 ? exchange.DecisionId : null);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Reads what <see cref="Pack"/> has written.</summary>
    /// <exception cref="InvalidDataException">The bytes are of another format.</exception>
    public static OpenReservation Unpack(ReadOnlySpan<byte> bytes, NanoUsd bound)
    {
        if (bytes.Length < HeadLength || bytes[0] is not (Format or FirstFormat))
            throw new InvalidDataException("A row of the table reservation is of a format that this gateway does not know.");
        var rest = bytes[HeadLength..];
        return new OpenReservation
        {
            Bound = bound,
            StartMs = BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]),
            AttemptNumber = BinaryPrimitives.ReadInt32LittleEndian(bytes[(1 + sizeof(long))..]),
            IsStream = bytes[HeadLength - 1] != 0,
            // In the order of Pack, in which initializers run.
            InputAtMost = bytes[0] == FirstFormat ? 0 : NextNumber(ref rest),
            OutputAtMost = bytes[0] == FirstFormat ? 0 : NextNumber(ref rest),
            ExchangeId = Next(ref rest) ?? "",
            KeyId = Next(ref rest) ?? "",
            KeyAlias = Next(ref rest),
            UserId = Next(ref rest) ?? "",
            TeamId = Next(ref rest),
            EndUser = Next(ref rest),
            Tags = Next(ref rest),
            Route = Next(ref rest) ?? "",
            RequestedModel = Next(ref rest),
            ModelGroup = Next(ref rest) ?? "",
            DeploymentId = Next(ref rest) ?? "",
            Provider = Next(ref rest) ?? "",
            Model = Next(ref rest) ?? "",
            DecisionId = Next(ref rest),
        };
    }

    private void Add(long tokens)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_length), Math.Min(tokens, MostTokens));
        _length += sizeof(long);
    }

    private static long NextNumber(ref ReadOnlySpan<byte> rest)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(rest);
        rest = rest[sizeof(long)..];
        return number;
    }

    private void Add(string? text)
    {
        var needed = _length + sizeof(int) + Encoding.UTF8.GetMaxByteCount(text?.Length ?? 0);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, needed));
        var written = text is null ? -1 : Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length + sizeof(int)));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_length), written + 1);
        _length += sizeof(int) + Math.Max(written, 0);
    }

    private static string? Next(ref ReadOnlySpan<byte> rest)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(rest) - 1;
        rest = rest[sizeof(int)..];
        if (length < 0)
            return null;
        var text = Encoding.UTF8.GetString(rest[..length]);
        rest = rest[length..];
        return text;
    }
}

/// <summary>An attempt that had not ended when the gateway did: what its row will say.</summary>
internal sealed record OpenReservation
{
    public required NanoUsd Bound { get; init; }
    public required long StartMs { get; init; }
    public required int AttemptNumber { get; init; }
    public required bool IsStream { get; init; }
    public long InputAtMost { get; init; }
    public long OutputAtMost { get; init; }
    public required string ExchangeId { get; init; }
    public required string KeyId { get; init; }
    public string? KeyAlias { get; init; }
    public required string UserId { get; init; }
    public string? TeamId { get; init; }
    public string? EndUser { get; init; }
    public string? Tags { get; init; }
    public required string Route { get; init; }
    public string? RequestedModel { get; init; }
    public required string ModelGroup { get; init; }
    public required string DeploymentId { get; init; }
    public required string Provider { get; init; }
    public required string Model { get; init; }
    public string? DecisionId { get; init; }
}
