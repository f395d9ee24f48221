namespace Gateway.Dialects.Bedrock;

/// <summary>One message of an AWS event stream; its texts are UTF-8 and lie in the bytes that it was read from.</summary>
public readonly ref struct AwsEvent
{
    /// <summary><c>:message-type</c>: <c>event</c>, <c>exception</c> or <c>error</c>. Empty: the message does not say.</summary>
    public ReadOnlySpan<byte> MessageType { get; init; }

    /// <summary>
    /// <c>:event-type</c> (<c>contentBlockDelta</c>), or an exception's <c>:exception-type</c>, or an error's <c>:error-code</c>.
    /// </summary>
    public ReadOnlySpan<byte> EventType { get; init; }

    /// <summary><c>:content-type</c>. Empty: none.</summary>
    public ReadOnlySpan<byte> ContentType { get; init; }

    /// <summary>An error's <c>:error-message</c>. Empty: none; an exception's message is in its payload.</summary>
    public ReadOnlySpan<byte> ErrorMessage { get; init; }

    /// <summary>What the message carries; may be empty.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>True for an event; false for what tells of a failure.</summary>
    public bool IsEvent => MessageType.SequenceEqual("event"u8);
}
