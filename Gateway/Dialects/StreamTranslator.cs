using System.Buffers;
using System.Text;

namespace Gateway.Dialects;

/// <summary>Turns one provider's event stream into the client's, event by event, and learns its usage on the way.</summary>
public abstract class StreamTranslator
{
    /// <summary>Translates the whole events at the start of <paramref name="received"/>.</summary>
    /// <param name="received">Bytes from the provider that were not consumed yet; the caller owns them.</param>
    /// <param name="atEnd">True when no more will come: then a last event without its blank line counts too.</param>
    /// <returns>How many bytes were consumed; the rest must be offered again with what follows.</returns>
    public abstract int Translate(ReadOnlySpan<byte> received, bool atEnd, IBufferWriter<byte> output);

    /// <summary>How many events came: everything but comments and keep-alives.</summary>
    public int Events { get; protected set; }

    /// <summary>
    /// How many of them mean something: text, a tool call, a reason to finish, the usage, an error. Before the first of them the
    /// client has missed nothing when the call is made again.
    /// </summary>
    public int MeaningfulEvents { get; protected set; }

    /// <summary>True when an event before the first that means something is not what the dialect sends.</summary>
    public bool IsMalformed { get; protected set; }

    /// <summary>
    /// True when every choice has named its reason to finish: the client has its answer, even if the sign of the end or the usage never
    /// comes.
    /// </summary>
    public bool IsFinished { get; protected set; }

    /// <summary>True when the stream said that it is complete, or had finished when it ended.</summary>
    public bool IsComplete { get; protected set; }

    /// <summary>The error that the provider sent as an event: its JSON; it is not passed on, nor is what follows. Null: none.</summary>
    public byte[]? ErrorEvent { get; protected set; }

    /// <summary>What the provider reported. Null: nothing yet.</summary>
    public Usage? Usage { get; protected set; }

    /// <summary>The usage object as it was sent. Null: none yet, or too large to keep.</summary>
    public string? RawUsage { get; protected set; }

    /// <summary>The urgency that the stream says was billed. Null: nothing yet.</summary>
    public ServiceTier? Service { get; protected set; }

    /// <summary>What the provider said of its bill beside the tokens. Null: nothing yet.</summary>
    public ReportedBill? Bill { get; protected set; }

    /// <summary>The answer's id, where the dialect lets a later request refer to it. Null: it does not, or none came yet.</summary>
    public string? AnswerId { get; protected set; }

    /// <summary>A larger usage object is not kept: the largest known has a few hundred bytes, and a ledger row is for good.</summary>
    private const int MaxRawUsage = 8 * 1024;

    /// <summary>The text of a usage object as it is kept. Null: it is too large.</summary>
    public static string? KeepRawUsage(ReadOnlySpan<byte> usage) => usage.Length > MaxRawUsage ? null : Encoding.UTF8.GetString(usage);

    /// <summary>Bytes of text that passed, to estimate by where no usage is reported.</summary>
    public long OutputBytes { get; protected set; }
}
