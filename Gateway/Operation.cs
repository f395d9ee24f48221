namespace Gateway;

/// <summary>What a client asks a model to do; each has its own URL at the provider and at the gateway.</summary>
public enum Operation { Chat, Completions, Embeddings }
