namespace Gateway;

/// <summary>What a client of files and batches is told: one factory method per error, beside those of <see cref="ApiError"/>.</summary>
public static class FileErrors
{
    /// <summary>A file or a batch that is not there, or not this key's: nobody learns which.</summary>
    /// <param name="name"><c>files</c>, <c>batches</c>.</param>
    public static ApiError NotFound(string name, string id) => new()
    {
        Status = StatusCodes.Status404NotFound,
        Type = "invalid_request_error",
        Param = "id",
        Message = $"No such object in {name}: {RecordedText.Shorten(id)}. An id belongs to the key that made it.",
        ExceptionClass = "NotFoundError",
    };

    /// <summary>No account for files and batches, or not the one that is asked for.</summary>
    public static ApiError NoAccount(string reason) => new()
    {
        Status = StatusCodes.Status400BadRequest,
        Type = "invalid_request_error",
        Param = "custom_llm_provider",
        Message = $"Files and batches need a provider: {reason}.",
    };

    /// <summary>A batch, whose cost nobody knows before, and a caller with a budget.</summary>
    public static ApiError BatchNotBounded() => new()
    {
        Status = StatusCodes.Status400BadRequest,
        Type = "invalid_request_error",
        Code = "batch_bound",
        Message = "What a batch will cost is not known beforehand, so it cannot be created with a budget. Set "
            + "general_settings.batch_bound_usd to what each is set aside and booked at.",
        ShouldRetry = false,
    };

    /// <summary>A batch, which may name any model in its file, and a caller who may not use all.</summary>
    public static ApiError BatchOfAnyModel() => new()
    {
        Status = StatusCodes.Status403Forbidden,
        Type = "key_model_access_denied",
        Param = "model",
        Message = "This key may use some models only, and the file of a batch can name any. Only keys that may use all models can create "
            + "batches.",
    };
}
