namespace Gateway.Telemetry;

/// <summary>The label names of LiteLLM's metrics, and the values that stand for nothing and for anything.</summary>
internal static class Label
{
    /// <summary>Python's None as a string, which is what LiteLLM's dashboards filter on.</summary>
    public const string None = "None";

    /// <summary>A value that is not shown because it is unknown or one too many.</summary>
    public const string Other = "other";

    public const string EndUser = "end_user";
    public const string Key = "hashed_api_key";
    public const string KeyAlias = "api_key_alias";
    public const string Team = "team";
    public const string TeamAlias = "team_alias";
    public const string User = "user";
    public const string UserEmail = "user_email";
    public const string RequestedModel = "requested_model";
    public const string FallbackModel = "fallback_model";
    public const string Model = "model";
    public const string ModelId = "model_id";
    public const string ModelGroup = "model_group";
    public const string ModelName = "litellm_model_name";
    public const string ApiBase = "api_base";
    public const string Provider = "api_provider";
    public const string Route = "route";
    public const string StatusCode = "status_code";
    public const string ExceptionStatus = "exception_status";
    public const string ExceptionClass = "exception_class";
    public const string ClientIp = "client_ip";
    public const string UserAgent = "user_agent";
    public const string Reason = "reason";
    public const string SubjectKind = "subject_kind";
    public const string Subject = "subject";
    public const string SubjectAlias = "subject_alias";
    public const string Window = "window";
}

/// <summary>The labels that all metrics of one request share. Its hash looks at those that differ most.</summary>
internal readonly record struct CallerLabels(
    string Key, string KeyAlias, string Team, string User, string EndUser, string ClientIp, string UserAgent, string RequestedModel)
{
    public override int GetHashCode() => HashCode.Combine(Key, User, RequestedModel);
}

/// <summary>The labels of a request as a whole: who, what came of it, and who answered.</summary>
internal readonly record struct RequestLabels(CallerLabels Caller, string Route, int Status, string Model, string ModelId)
{
    public override int GetHashCode() => HashCode.Combine(Caller.GetHashCode(), Status, ModelId);
}

/// <summary>The labels of one call to a deployment.</summary>
internal readonly record struct AttemptLabels(
    CallerLabels Caller, string ModelGroup, string Model, string ModelId, string ApiBase, string Provider)
{
    public override int GetHashCode() => HashCode.Combine(Caller.GetHashCode(), ModelId, Model);
}
