using System.Globalization;

namespace Gateway;

/// <summary>
/// What a client is told when it is refused or its call failed. One factory method per error; status, type and the beginning
/// of each message are those of the LiteLLM proxy, because clients match on them.
/// </summary>
public sealed record ApiError
{
    /// <summary>nginx's status for a client that hung up: recorded, never sent.</summary>
    public const int ClientClosedRequest = 499;

    /// <summary>HTTP status, 400–599.</summary>
    public required int Status { get; init; }

    /// <summary>OpenAI's <c>error.type</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What is wrong, with the value found, and what to do. Never a secret, a prompt or an answer.</summary>
    public required string Message { get; init; }

    /// <summary>OpenAI's <c>error.param</c>. Null: none.</summary>
    public string? Param { get; init; }

    /// <summary>OpenAI's <c>error.code</c>. Null: the status as a string, as in LiteLLM.</summary>
    public string? Code { get; init; }

    /// <summary>Sent as <c>retry-after</c>. Null: not sent.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Sent as <c>x-should-retry</c>, which the OpenAI and Anthropic SDKs obey. Null: not sent.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>The status under <c>compat_status_codes: legacy</c>. Null: the same.</summary>
    public int? LegacyStatus { get; init; }

    /// <summary>The class that metrics and logs show, in LiteLLM's names.</summary>
    public string ExceptionClass { get; init; } = "ProxyException";

    /// <summary>True when a budget has no room for the request, or for another attempt.</summary>
    public bool IsOfMoney => ExceptionClass == BudgetExceededClass;

    private const string BudgetExceededClass = "BudgetExceededError";

    // 1. What the client sent.

    /// <summary>The body is not JSON that the gateway reads.</summary>
    public static ApiError InvalidJson(string reason) => BadRequest("request_body", $"Invalid JSON payload: {reason}.");

    /// <summary>A parameter whose value cannot be used.</summary>
    public static ApiError InvalidParameter(string name, string reason) => BadRequest(name, $"Invalid value: '{name}' {reason}.");

    /// <summary>The body is not a form that the gateway reads.</summary>
    public static ApiError InvalidForm(string reason) => BadRequest("request_body", $"Invalid multipart/form-data: {reason}.");

    /// <summary>No model is named anywhere.</summary>
    public static ApiError NoModel() => BadRequest("model", "The request names no model: send 'model' in the body.");

    /// <summary>A parameter that would let the client choose where, or with whose key, a provider is called.</summary>
    public static ApiError ParameterNotAllowed(string name) => new()
    {
        Status = 401,
        Type = "auth_error",
        Param = name,
        Message = $"Authentication Error, Rejected Request: {name} is not allowed in request body. "
            + "A deployment may allow api_key and api_base with 'configurable_clientside_auth_params'.",
    };

    /// <summary>The body is larger than the limit.</summary>
    public static ApiError TooLarge(long bytes, long maxBytes) => new()
    {
        Status = 413,
        LegacyStatus = 400,
        Type = "bad_request_error",
        Param = "content-length",
        Message = $"Request size is too large. Request size is {Megabytes(bytes)} MB. Max size is {Megabytes(maxBytes)} MB. "
            + "The limit is general_settings.max_request_size_mb.",
    };

    /// <summary>A model that the config does not have.</summary>
    public static ApiError UnknownModel(string route, string model) => new()
    {
        Status = 400,
        Type = "invalid_request_error",
        Param = "model",
        Code = "model_not_found",
        Message = $"{route}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key.",
    };

    /// <summary>One model asked for by id that is not there, or not for this caller.</summary>
    public static ApiError ModelNotFound(string model) => new()
    {
        Status = 404,
        Type = "invalid_request_error",
        Param = "model",
        Code = "model_not_found",
        Message = $"The model '{model}' does not exist or is not allowed to your key. Call `/v1/models` to view available models.",
    };

    /// <summary>An answer to go on from that is not kept, or is not this caller's: nobody learns which.</summary>
    public static ApiError PreviousResponseNotFound(string id) => new()
    {
        Status = 400,
        Type = "invalid_request_error",
        Param = "previous_response_id",
        Code = "previous_response_not_found",
        Message = $"Previous response with id '{RecordedText.Shorten(id)}' not found. Where the provider keeps no answers the gateway keeps "
            + "them in memory, for an hour at most; send the conversation itself.",
    };

    /// <summary>A decision that is not there, or not this caller's: nobody learns which.</summary>
    public static ApiError DecisionNotFound() => new()
    {
        Status = 404,
        Type = "invalid_request_error",
        Param = "id",
        Message = "There is no such decision for your key. The id is in the header x-gateway-decision of an answer, and it is kept "
            + "for general_settings.decision_retention.",
    };

    /// <summary>A user whom the config does not have.</summary>
    public static ApiError UnknownUser(string userId) => new()
    {
        Status = 404,
        Type = "invalid_request_error",
        Param = "user_id",
        Message = $"There is no user '{userId}' in user_access.",
    };

    /// <summary>The request is not HTTP as it should be, or came too slowly.</summary>
    public static ApiError BadHttp(int status) => new()
    {
        Status = status is >= 400 and <= 499 ? status : 400,
        Type = "invalid_request_error",
        Message = status == 408 ? "The request's body came too slowly." : "The request's body was broken off or malformed.",
    };

    private static ApiError BadRequest(string param, string message) =>
        new() { Status = 400, Type = "invalid_request_error", Param = param, Message = message };

    private static string Megabytes(long bytes) => (bytes / (1024.0 * 1024)).ToString("0.##", CultureInfo.InvariantCulture);

    // 2. Who the client is and what it may use.

    /// <summary>The key may not use the model.</summary>
    public static ApiError ModelAccessDenied(IEnumerable<string> allowed, string model) => new()
    {
        Status = 403,
        LegacyStatus = 401,
        Type = "key_model_access_denied",
        Param = "model",
        Message = $"key not allowed to access model. This key can only access models=[{string.Join(", ", allowed.Select(name => $"'{name}'"))}]. "
            + $"Tried to access {model}",
    };

    /// <summary>A model that the user may use and the team may not.</summary>
    public static ApiError TeamModelAccessDenied(IEnumerable<string> allowed, string model) => new()
    {
        Status = 403,
        LegacyStatus = 401,
        Type = "team_model_access_denied",
        Param = "model",
        Message = $"team not allowed to access model. This team can only access models=[{string.Join(", ", allowed.Select(name => $"'{name}'"))}]. "
            + $"Tried to access {model}",
    };

    /// <summary>An admin path and a caller that is not the admin.</summary>
    public static ApiError AdminOnly(string route) => new()
    {
        Status = 403,
        LegacyStatus = 401,
        Type = "auth_error",
        Message = $"Authentication Error, Only proxy admin can be used to call this route. Route={route}. Use the master key.",
    };

    /// <summary>An admin path on a gateway that has no master key.</summary>
    public static ApiError NoMasterKey(string route) => new()
    {
        Status = 403,
        Type = "auth_error",
        Message = $"Authentication Error, {route} needs the admin key and none is configured: set general_settings.master_key "
            + "or the variable LITELLM_MASTER_KEY. Reading is allowed from this machine.",
    };

    /// <summary>A gateway without keys answers this machine's own programs only.</summary>
    public static ApiError OpenAccessRefused(string reason) => new()
    {
        Status = 403,
        Type = "auth_error",
        Message = $"Authentication Error, this gateway has no keys and serves only programs on its own machine: {reason}. "
            + "To serve others, set general_settings.master_key or user_access.",
    };

    // 3. What became of the call.

    /// <summary>The provider is known, but the gateway cannot speak to it.</summary>
    public static ApiError ProviderNotBuilt(string provider) => new()
    {
        Status = 501,
        Type = "not_implemented_error",
        Message = $"The provider '{provider}' is known, but this version of the gateway cannot call it.",
        ExceptionClass = "NotImplementedError",
    };

    /// <summary>The provider has no URL for what is asked for, or the gateway does not know it.</summary>
    public static ApiError NoSuchCall(string provider, string route) => new()
    {
        Status = 501,
        Type = "not_implemented_error",
        Message = $"The provider '{provider}' cannot be called for {route} by this version of the gateway.",
        ExceptionClass = "NotImplementedError",
    };

    /// <summary>One of LiteLLM's management calls, which the config file and the command line stand for.</summary>
    public static ApiError ManagedByConfig(string route) => new()
    {
        Status = 501,
        Type = "not_implemented_error",
        Message = $"{route}/* is not served here: users, keys, budgets and models are in the config file (user_access, model_list). "
            + "Keys are shown and replaced with `gateway key`, spend is read with `gateway spend`.",
        ExceptionClass = "NotImplementedError",
    };

    /// <summary>A bug: the log has the exception under the exchange's id.</summary>
    public static ApiError Internal(string exchangeId) => new()
    {
        Status = 500,
        Type = "internal_server_error",
        Message = $"Internal server error. The log has the details under the id {exchangeId}.",
        ExceptionClass = "InternalServerError",
    };

    /// <summary>The gateway cannot take more: its buffers or its ledger's queue are full, its disk fails, or it is stopping.</summary>
    public static ApiError Unavailable(string reason) => new()
    {
        Status = 503,
        Type = "overloaded_error",
        Message = $"The gateway cannot take the request now: {reason}. Retry later.",
        RetryAfter = TimeSpan.FromSeconds(1),
        ExceptionClass = "ServiceUnavailableError",
    };

    /// <summary>The disk or the database fails, so that what a request costs could not be kept.</summary>
    public static ApiError DatabaseUnavailable(string reason) =>
        Unavailable(reason) with { Type = "no_db_connection", LegacyStatus = StatusCodes.Status400BadRequest };

    // 4. Keys and money.

    /// <summary>No header carries a key.</summary>
    public static ApiError NoApiKey() => Unauthorized("No api key passed in.");

    /// <summary>A header is there, but not in the form <c>Bearer KEY</c>, or it is there twice.</summary>
    public static ApiError MalformedApiKey() => Unauthorized("Malformed API Key passed in. Ensure Key has `Bearer ` prefix.");

    /// <summary>A key that nobody has.</summary>
    /// <param name="hint">What may be shown of it: <c>sk-...abcd</c>.</param>
    public static ApiError InvalidApiKey(string hint) => Unauthorized(
        $"Invalid proxy server token passed. Received API Key = {hint}. Unable to find token in cache or among the gateway's keys.") with
    {
        Type = "token_not_found_in_db",
        Param = "key",
    };

    /// <summary>A key of a user whom the config blocks.</summary>
    public static ApiError KeyBlocked() => Unauthorized(
        "Key is blocked. An admin can take `blocked: true` out of the user's entry in user_access.");

    /// <summary>A key of a user whose team is blocked.</summary>
    public static ApiError TeamBlocked(string teamId) => Unauthorized(
        $"Team={teamId} is blocked. An admin can take `blocked: true` out of the team's entry in teams.");

    /// <summary>An attempt after one that was paid for, or beside one, for which the budgets have no room.</summary>
    /// <param name="cost">What it can cost at most.</param>
    public static ApiError NoMoneyForMore(NanoUsd cost) => new()
    {
        Status = StatusCodes.Status429TooManyRequests,
        LegacyStatus = StatusCodes.Status400BadRequest,
        Type = "budget_exceeded",
        Message = $"Budget has been exceeded! Another attempt can cost {cost} USD, for which a budget or token limit has no room.",
        ShouldRetry = false,
        ExceptionClass = BudgetExceededClass,
    };

    /// <summary>A budget of any subject that does not pay for the request. Whoever waits for its reset would wait for days.</summary>
    public static ApiError BudgetExceeded(BudgetRefusal refusal) => new()
    {
        Status = StatusCodes.Status429TooManyRequests,
        LegacyStatus = StatusCodes.Status400BadRequest,
        Type = "budget_exceeded",
        Message = $"{BudgetPrefix(refusal)}. {BudgetShortage(refusal)}{BudgetReset(refusal)}",
        RetryAfter = refusal.ResetsAt - refusal.Now,
        ShouldRetry = false,
        ExceptionClass = BudgetExceededClass,
    };

    /// <summary>Too many requests or tokens in a minute, or too many requests at once.</summary>
    public static ApiError RateLimited(RateRefusal refusal) => new()
    {
        Status = StatusCodes.Status429TooManyRequests,
        Type = "throttling_error",
        Message = $"Rate limit exceeded for {RateHolder(refusal)}. Limit type: {refusal.LimitType}. Current limit: {refusal.Limit}, "
            + $"Remaining: {refusal.Remaining}. {RateReset(refusal)}",
        RetryAfter = refusal.RetryAfter,
        ShouldRetry = refusal.RetryAfter is null ? false : null,
        ExceptionClass = "RateLimitError",
    };

    /// <summary>A model of which nobody knows what it costs, and a caller whose budget could be passed by with it.</summary>
    /// <param name="settings">Which settings would tell it.</param>
    public static ApiError UnknownPrice(string model, string settings) => new()
    {
        Status = StatusCodes.Status400BadRequest,
        Type = "invalid_request_error",
        Param = "model",
        Code = "unknown_price",
        Message = $"The price of {model} is not known, so it cannot be used with a budget. Set {settings} "
            + "in its litellm_params, or general_settings.unknown_price: allow.",
        ShouldRetry = false,
    };

    /// <summary>LiteLLM's beginning for each kind of subject, which clients match on.</summary>
    private static string BudgetPrefix(BudgetRefusal refusal)
    {
        var (name, spent, budget) = (refusal.Name, Usd(refusal.Spent), Usd(refusal.Budget));
        if (refusal.Model is { } model)
            return $"{ModelHolder(refusal)}, exceeded budget for model={model}. Spend={spent}, Budget={budget}";
        return refusal.Subject.Kind switch
        {
            SubjectKind.User => $"ExceededBudget: User={name} over budget. Spend={spent}, Budget={budget}",
            SubjectKind.EndUser => $"ExceededBudget: End User={name} over budget. Spend={spent}, Budget={budget}",
            SubjectKind.Key => $"Budget has been exceeded! Key={name} Current cost: {spent}, Max budget: {budget}",
            SubjectKind.Team => $"Budget has been exceeded! Team={name} Current cost: {spent}, Max budget: {budget}",
            SubjectKind.Tag => $"Budget has been exceeded! Tag={name} Current cost: {spent}, Max budget: {budget}",
            SubjectKind.Provider => $"No deployments available - crossed budget: Exceeded budget for provider='{name}', "
                + $"spend={spent}, budget_limit={budget}",
            _ => $"Budget has been exceeded! Current cost: {spent}, Max budget: {budget}",
        };
    }

    private static string ModelHolder(BudgetRefusal refusal) => refusal.Subject.Kind switch
    {
        SubjectKind.Key => $"LiteLLM Virtual Key: {refusal.Name}",
        SubjectKind.Team => $"ExceededBudget: Team={refusal.Name}",
        SubjectKind.EndUser => $"ExceededBudget: End User={refusal.Name}",
        _ => $"ExceededBudget: User={refusal.Name}",
    };

    private static string BudgetShortage(BudgetRefusal refusal) => refusal.Spent >= refusal.Budget
        ? ""
        : $"The request costs up to {Usd(refusal.Needed)}, and {Usd(refusal.InFlight)} is set aside for requests in flight. ";

    private static string BudgetReset(BudgetRefusal refusal) => refusal is { Period: { } period, ResetsAt: { } reset }
        ? string.Create(CultureInfo.InvariantCulture, $"The budget is per {period} and resets at {reset.UtcDateTime:yyyy-MM-dd HH:mm}Z.")
        : "The budget is for all time and does not reset; raise max_budget in the config.";

    private static string RateReset(RateRefusal refusal) => refusal.RetryAfter is { } wait
        ? string.Create(CultureInfo.InvariantCulture, $"Limit resets at: {(refusal.Now + wait).UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")
        : $"The request needs {refusal.Needed} and can never pass; make it smaller or raise the limit.";

    /// <summary>LiteLLM's word for the holder of a rate limit.</summary>
    private static string RateHolder(RateRefusal refusal)
    {
        var kind = refusal.Subject.Kind switch
        {
            SubjectKind.Key => "key",
            SubjectKind.User => "user",
            SubjectKind.Team => "team",
            SubjectKind.EndUser => "end_user",
            SubjectKind.Tag => "tag",
            SubjectKind.Provider => "provider",
            _ => "gateway",
        };
        if (refusal.Model is { } model)
            return $"model_per_{kind}: {refusal.Name}:{model}";
        return refusal.Subject.Kind switch
        {
            SubjectKind.Key => $"api_key: {refusal.Name}",
            SubjectKind.Gateway => "gateway: all callers",
            _ => $"{kind}: {refusal.Name}",
        };
    }

    private static string Usd(NanoUsd amount) => amount.ToUsd().ToString("0.00#######", CultureInfo.InvariantCulture);

    private static ApiError Unauthorized(string what) => new()
    {
        Status = StatusCodes.Status401Unauthorized,
        Type = "auth_error",
        Message = "Authentication Error, " + what,
    };
}
