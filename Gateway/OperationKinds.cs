namespace Gateway;

/// <summary>What operations have in common.</summary>
public static class OperationKinds
{
    /// <summary>True where the answer is a text whose length a body can limit.</summary>
    public static bool WritesText(this Operation operation) => operation is Operation.Chat or Operation.Completions;

    /// <summary>True where bodies and answers are passed through by path.</summary>
    public static bool IsPassedThrough(this Operation operation) => operation is >= Operation.Images and <= Operation.Files;

    /// <summary>True where pictures are asked for.</summary>
    public static bool DrawsImages(this Operation operation) => operation is >= Operation.Images and <= Operation.ImageVariations;

    /// <summary>True where a recording is sent, whose seconds may be billed.</summary>
    public static bool TakesAudio(this Operation operation) => operation is Operation.Transcriptions or Operation.Translations;

    /// <summary>True where the body is a form with files.</summary>
    public static bool TakesForm(this Operation operation) =>
        operation is Operation.ImageEdits or Operation.ImageVariations || operation.TakesAudio();
}
