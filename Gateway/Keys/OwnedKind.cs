namespace Gateway.Keys;

/// <summary>What an id at a provider is the id of; the numbers are those of the table.</summary>
public enum OwnedKind
{
    File = 1,
    Batch = 2,
    Response = 3,
}
