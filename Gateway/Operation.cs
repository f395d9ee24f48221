namespace Gateway;

/// <summary>What a client asks a model to do; each has its own URL at the provider and at the gateway.</summary>
public enum Operation
{
    Chat, Completions, Embeddings,

    // Passed through by path: what is asked and answered is not understood beyond the model, the bill and its bounds.
    Images, ImageEdits, ImageVariations, Speech, Transcriptions, Translations, Moderations, Rerank,

    /// <summary>Files and batches, which have no model.</summary>
    Files,
}
