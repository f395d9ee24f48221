using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Gateway.Keys;

/// <summary>SHA-256 of a key, the form in which keys are kept and compared (plain, without salt, as in LiteLLM).</summary>
public readonly struct KeyHash : IEquatable<KeyHash>
{
    /// <summary>Longer than any key in use; bounds what a stranger can make us hash.</summary>
    public const int MaxKeyLength = 256;

    /// <summary>Bytes of SHA-256.</summary>
    private const int Size = 32;

    private readonly Bytes _bytes;

    private KeyHash(Bytes bytes) => _bytes = bytes;

    [UnscopedRef]
    private ReadOnlySpan<byte> Span => _bytes;

    /// <summary>
    /// Hashes a key, after its length and alphabet were looked at. Short keys are refused where they are made, in the config;
    /// a master key may be short there, because <c>sk-1234</c> is in so many files.
    /// </summary>
    /// <returns>False for what cannot be a key: not 1–256 printable ASCII characters without space.</returns>
    public static bool TryCompute(ReadOnlySpan<char> key, out KeyHash hash)
    {
        hash = default;
        if (key.Length is 0 or > MaxKeyLength || key.ContainsAnyExceptInRange('!', '~'))
            return false;

        Span<byte> ascii = stackalloc byte[MaxKeyLength];
        for (var i = 0; i < key.Length; i++)
            ascii[i] = (byte)key[i];
        Bytes bytes = default;
        SHA256.HashData(ascii[..key.Length], bytes);
        hash = new KeyHash(bytes);
        return true;
    }

    /// <summary>Reads 64 hex digits of either case.</summary>
    public static bool TryParseHex(ReadOnlySpan<char> hex, out KeyHash hash)
    {
        Bytes bytes = default;
        var isHash = hex.Length == Size * 2
            && Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        hash = isHash ? new KeyHash(bytes) : default;
        return isHash;
    }

    /// <summary>64 lower-case hex digits.</summary>
    public string ToHex() => Convert.ToHexStringLower(Span);

    /// <summary>Takes the same time wherever the difference is.</summary>
    public bool Equals(KeyHash other) => CryptographicOperations.FixedTimeEquals(Span, other.Span);

    public override bool Equals(object? obj) => obj is KeyHash other && Equals(other);

    /// <summary>A cryptographic hash is already well spread: any four bytes of it do.</summary>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(Span);

    public override string ToString() => ToHex();

    public static bool operator ==(KeyHash a, KeyHash b) => a.Equals(b);
    public static bool operator !=(KeyHash a, KeyHash b) => !a.Equals(b);

    [InlineArray(Size)]
    private struct Bytes
    {
        private byte _first;
    }
}
