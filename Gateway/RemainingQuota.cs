namespace Gateway;

/// <summary>What a provider said is left of its rate limits, in the headers of an answer.</summary>
/// <param name="Requests">Requests that may still be made in the current window. Null: it did not say.</param>
/// <param name="Tokens">Tokens that may still be used in the current window. Null: it did not say.</param>
public readonly record struct RemainingQuota(long? Requests, long? Tokens);
