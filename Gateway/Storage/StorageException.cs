namespace Gateway.Storage;

/// <summary>Something about the database that its user must put right. The message is one line, fit for the command line.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
