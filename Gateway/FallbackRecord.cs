namespace Gateway;

/// <summary>One change from a model group to another because the first could not answer.</summary>
/// <param name="From">The group that failed, by its public name.</param>
/// <param name="To">The group that was asked next, by its public name.</param>
/// <param name="Status">The HTTP status of the failure; 408 for a time-out, 0 when nothing was reached.</param>
/// <param name="ExceptionClass">LiteLLM's class of the failure (<c>RateLimitError</c>, <c>Timeout</c>, …).</param>
/// <param name="Succeeded">True when the second group answered.</param>
public readonly record struct FallbackRecord(string From, string To, int Status, string ExceptionClass, bool Succeeded);
