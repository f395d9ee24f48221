using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Pricing;

namespace Gateway.Pipeline;

/// <summary>What a deployment is sent: its name for the model, the changes of the body, where it goes, and in which format.</summary>
internal readonly record struct ShapedRequest(string Model, RequestChanges Changes, ClientTarget Target, WireFormat Format);

/// <summary>What a deployment's settings make of a client's request; pure.</summary>
internal static class RequestShape
{
    private const string StreamUsageParam = "stream_options";

    /// <summary>What the gateway says itself in every body; said again by a deployment's settings it would stand there twice.</summary>
    private static readonly string[] OwnMembers = ["model", "stream", StreamUsageParam];

    /// <summary>The limit of output tokens has an old and a new name.</summary>
    private static readonly string[] LimitMembers = [AnswerTerms.MaxTokensName, AnswerTerms.MaxCompletionTokensName];

    /// <summary>Shapes the request of a client for a deployment of the group that is being asked.</summary>
    /// <param name="outputCap">The most output tokens that the body may ask for. Null: what it asks for stands.</param>
    /// <returns>Null, or why it cannot be sent there.</returns>
    public static ApiError? For(AttemptRun run, Deployment deployment, out ShapedRequest shaped, long? outputCap = null)
    {
        shaped = default;
        if (!deployment.Provider.IsBuilt)
            return ApiError.ProviderNotBuilt(deployment.Provider.Name);
        if (!deployment.Provider.Takes(run.Endpoint.Operation) || (deployment.IsMock && run.Endpoint.Operation.IsPassedThrough()))
            return ApiError.NoSuchCall(deployment.Provider.Name, run.Endpoint.Route);
        var model = run.Group.UpstreamModelOf(deployment);
        if (ChangesFor(run, deployment, model, out var changes) is { } unsupported)
            return unsupported;
        var format = FormatFor(run, deployment);
        if (ClientTarget.Find(deployment, run.Endpoint.Operation, model, format, run.Request, out var target) is { } refusal)
            return refusal;
        shaped = new(model, outputCap is null ? changes : changes with { OutputCap = outputCap }, target, format);
        return null;
    }

    /// <summary>The format that the deployment is spoken to in.</summary>
    public static WireFormat FormatFor(AttemptRun run, Deployment deployment) =>
        deployment.FormatFor(run.Endpoint.Dialect.Format, run.Endpoint.Operation, run.Group.UpstreamModelOf(deployment));

    /// <summary>
    /// True for a refusal that is of this deployment alone, so that another one may be asked: its provider is not built in, or does not
    /// take a parameter.
    /// </summary>
    public static bool IsOfDeployment(ApiError refusal) => refusal.Status == 501 || refusal.ExceptionClass == "UnsupportedParamsError";

    /// <summary>Says what changes in the body on its way to a deployment.</summary>
    /// <returns>Null, or which parameters the provider does not take, or may not be sent by a client.</returns>
    public static ApiError? ChangesFor(AttemptRun run, Deployment deployment, string upstreamModel, out RequestChanges changes)
    {
        var parameters = deployment.Params;
        // In a translation, names are of the client's dialect; what the provider does not take is looked for there.
        var isOpenAis = run.Endpoint.Dialect.Format == WireFormat.OpenAi && FormatFor(run, deployment) == WireFormat.OpenAi;
        var rules = ParamRules.Of(run, deployment);
        var unsupported = isOpenAis ? deployment.Provider.UnsupportedParams : [];
        if (rules.Allowed.Count > 0)
            unsupported = [.. unsupported.Except(rules.Allowed)];
        string[] lost = [];
        changes = null!;
        if (ChoosesModel(run.Request, deployment) is { } forbidden)
            return forbidden;
        var dropped = rules.Dropped;
        if (unsupported.Length > 0)
        {
            var sent = unsupported.Where(name => run.Request.Find(name) is not null).ToArray();
            if (sent.Length > 0 && !rules.Drops)
                return ParamErrors.Unsupported(deployment.Provider.Name, sent, deployment.Model);
            lost = sent;
            dropped = [.. dropped, .. sent];
        }
        changes = new RequestChanges
        {
            Model = upstreamModel,
            AskForStreamUsage = isOpenAis && run.Request.IsStream && run.Endpoint.Operation != Operation.Embeddings
                && !run.Request.IncludesUsage && !unsupported.Contains(StreamUsageParam),
            Dropped = deployment.Overrides.HasLimitMember ? [.. dropped, .. LimitMembers] : dropped,
            Lost = lost,
            Defaults = Renamed(run, deployment, WithoutLimits(run.Request, WithoutOwn(parameters.Defaults))),
            Overrides = Renamed(run, deployment, WithoutOwn(parameters.ExtraBody)),
            LimitName = LimitNameFor(run, deployment, upstreamModel, dropped),
            RenamesLimit = RenamesLimit(run.Endpoint.Operation, deployment.Provider),
        };
        return null;
    }

    /// <summary>The name under which a limit is set where there is none. Null: the deployment's settings drop it.</summary>
    public static string? LimitNameFor(
        AttemptRun run, Deployment deployment, string upstreamModel, IReadOnlyCollection<string> dropped)
    {
        if (LimitNameOf(run.Endpoint.Dialect.Format) is { } own)
            return dropped.Contains(own) ? null : own;
        var operation = run.Endpoint.Operation;
        var name = run.Snapshot.Catalog.LimitNameFor(deployment, operation, upstreamModel);
        if (!dropped.Contains(name))
            return name;
        var other = name == AnswerTerms.MaxTokensName ? AnswerTerms.MaxCompletionTokensName : AnswerTerms.MaxTokensName;
        return RenamesLimit(operation, deployment.Provider) || dropped.Contains(other) ? null : other;
    }

    /// <summary>The name of the limit in the body of a dialect whose bodies have one name for it. Null: OpenAI's, which has several.</summary>
    private static string? LimitNameOf(WireFormat format) => format switch
    {
        WireFormat.Anthropic => AnswerTerms.MaxTokensName,
        WireFormat.Responses => "max_output_tokens",
        WireFormat.Gemini => "generationConfig.maxOutputTokens",
        _ => null,
    };

    /// <summary>Legacy completions know the old name only, and so do some providers.</summary>
    public static bool RenamesLimit(Operation operation, Provider provider) =>
        operation == Operation.Completions || (operation == Operation.Chat && !provider.TakesMaxCompletionTokens);

    /// <summary>The model was checked, and its price is what the request is admitted at: a client's list of others does not leave.</summary>
    private static ApiError? ChoosesModel(ClientRequest request, Deployment deployment)
    {
        foreach (var name in deployment.Provider.ModelParams)
        {
            if (request.Find(name) is not null || request.FindExtra(name))
                return ApiError.InvalidParameter(name, "would let the provider choose another model than the one that was checked; use fallbacks");
        }
        return null;
    }

    /// <summary>The deployment's own limit under the name that the provider reads; one that has that name already stands alone.</summary>
    private static ImmutableArray<KeyValuePair<string, string>> Renamed(
        AttemptRun run, Deployment deployment, ImmutableArray<KeyValuePair<string, string>> members)
    {
        if (!members.Any(static member => member.Key == AnswerTerms.MaxCompletionTokensName)
            || !RenamesLimit(run.Endpoint.Operation, deployment.Provider))
            return members;
        var name = members.Any(static member => member is { Key: AnswerTerms.MaxTokensName, Value: not "null" })
            ? AnswerTerms.MaxTokensName
            : AnswerTerms.MaxCompletionTokensName;
        return
        [
            .. members.Where(member => member.Key == name || !LimitMembers.Contains(member.Key))
                .Select(member => member.Key == name ? KeyValuePair.Create(AnswerTerms.MaxTokensName, member.Value) : member),
        ];
    }

    /// <summary>Providers refuse a body that holds a limit under both names.</summary>
    private static ImmutableArray<KeyValuePair<string, string>> WithoutLimits(
        ClientRequest request, ImmutableArray<KeyValuePair<string, string>> members) =>
        request.MaxTokens is not null && members.Any(static member => LimitMembers.Contains(member.Key))
            ? members.RemoveAll(static member => LimitMembers.Contains(member.Key))
            : members;

    private static ImmutableArray<KeyValuePair<string, string>> WithoutOwn(ImmutableArray<KeyValuePair<string, string>> members) =>
        members.Any(static member => OwnMembers.Contains(member.Key))
            ? members.RemoveAll(static member => OwnMembers.Contains(member.Key))
            : members;

    /// <summary>How the answer's stream is changed. Null: the answer is not streamed.</summary>
    public static StreamOptions? StreamFor(AttemptRun run, Deployment deployment, AnswerPrice? price)
    {
        if (!run.Request.IsStream)
            return null;
        var config = run.Snapshot.Config;
        return new StreamOptions(
            run.ShownModel,
            HidesUsage: !run.Request.IncludesUsage && !config.General.AlwaysIncludeStreamUsage,
            price is not null && config.LiteLlm.IncludeCostInStreamingUsage
                ? said => price.CostOf(said.Usage, said.Service, said.Bill, TimeSpan.Zero) : null)
        {
            Choices = AnswerChoices.ExpectedOf(run.Request, run.Endpoint.Operation, deployment),
        };
    }
}
