namespace Gateway.Keys;

/// <summary>An id at a provider and whose it is.</summary>
/// <param name="Provider">The account of the config that it was made with.</param>
/// <param name="KeyId">Of the key; empty where no keys are configured.</param>
public sealed record OwnedId(string Id, string Provider, string KeyId, string UserId);
