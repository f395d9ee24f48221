namespace Gateway.Dialects;

/// <summary>What a client is told when a provider cannot be sent what the client sent.</summary>
public static class ParamErrors
{
    /// <summary>Parameters that the provider does not take, where drop_params is off.</summary>
    /// <param name="why">What is wrong with them, where it is not the parameters as such. Null: they are.</param>
    public static ApiError Unsupported(string provider, IReadOnlyList<string> names, string model, string? why = null) => new()
    {
        Status = 400,
        Type = "invalid_request_error",
        Param = names[0],
        Message = $"litellm.UnsupportedParamsError: {provider} does not support parameters: {Listed(names)}, for model={model}"
            + (why is null ? "" : $" ({why})") + ". To drop these, set litellm_settings.drop_params: true or litellm_params.drop_params: true.",
        ExceptionClass = "UnsupportedParamsError",
    };

    /// <summary>Content of messages that the provider cannot be given, whether or not parameters are dropped.</summary>
    /// <param name="why">What is wrong with it. Null: the provider has no place for it.</param>
    public static ApiError UnsupportedContent(string provider, IEnumerable<string> names, string model, string? why = null) => new()
    {
        Status = 400,
        Type = "invalid_request_error",
        Param = names.First(),
        Message = $"litellm.UnsupportedParamsError: {provider} cannot be sent {Listed(names)}, for model={model}"
            + (why is null ? "" : $" ({why})") + ". Content is never dropped: "
            + "send it in another form, or to another model.",
        ExceptionClass = "UnsupportedParamsError",
    };

    /// <summary>What is asked for, the provider has no URL for.</summary>
    public static ApiError OperationNotSpoken(string provider, string operation) => new()
    {
        Status = 501,
        Type = "not_implemented_error",
        Message = $"The gateway cannot ask {provider} for {operation} in this client's dialect. Ask another model, or at another URL.",
    };

    /// <summary>The first of the names, as many as a person reads.</summary>
    private static string Listed(IEnumerable<string> names)
    {
        var shown = names.Take(MostNames + 1).Select(static name => $"'{name}'").ToList();
        if (shown.Count > MostNames)
            shown[^1] = "…";
        return $"[{string.Join(", ", shown)}]";
    }

    private const int MostNames = 20;
}
