using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Dialects;

namespace Gateway.Pipeline;

/// <summary>What a deployment is sent: its name for the model, the changes of the body, and where it goes.</summary>
internal readonly record struct ShapedRequest(string Model, RequestChanges Changes, ClientTarget Target);

/// <summary>What a deployment's settings make of a client's request; pure.</summary>
internal static class RequestShape
{
    private const string StreamUsageParam = "stream_options";

    /// <summary>What the gateway says itself in every body; said again by a deployment's settings it would stand there twice.</summary>
    private static readonly string[] OwnMembers = ["model", "stream", StreamUsageParam];

    private static readonly string[] LimitMembers = ["max_tokens", "max_completion_tokens"];

    /// <summary>Shapes the request of a client for a deployment of the group that is being asked.</summary>
    /// <returns>Null, or why it cannot be sent there.</returns>
    public static ApiError? For(AttemptRun run, Deployment deployment, out ShapedRequest shaped)
    {
        shaped = default;
        if (!deployment.Provider.IsBuilt)
            return ApiError.ProviderNotBuilt(deployment.Provider.Name);
        var model = run.Group.UpstreamModelOf(deployment);
        if (ChangesFor(run, deployment, model, out var changes) is { } unsupported)
            return unsupported;
        if (ClientTarget.Find(deployment, run.Endpoint.Operation, model, run.Request, out var target) is { } refusal)
            return refusal;
        shaped = new(model, changes, target);
        return null;
    }

    /// <summary>Says what changes in the body on its way to a deployment.</summary>
    /// <returns>Null, or which parameters the provider does not take.</returns>
    public static ApiError? ChangesFor(AttemptRun run, Deployment deployment, string upstreamModel, out RequestChanges changes)
    {
        var parameters = deployment.Params;
        var unsupported = deployment.Provider.UnsupportedParams;
        var dropped = parameters.AdditionalDropParams.IsEmpty ? (IReadOnlyCollection<string>)[] : parameters.AdditionalDropParams;
        if (unsupported.Length > 0)
        {
            var sent = unsupported.Where(name => run.Request.Find(name) is not null).ToArray();
            if (sent.Length > 0 && !(parameters.DropParams ?? run.Snapshot.Config.LiteLlm.DropParams))
            {
                changes = null!;
                return ApiError.UnsupportedParams(deployment.Provider.Name, sent, deployment.Model);
            }
            dropped = [.. dropped, .. sent];
        }
        changes = new RequestChanges
        {
            Model = upstreamModel,
            AskForStreamUsage = run.Request.IsStream && run.Endpoint.Operation != Operation.Embeddings
                && !run.Request.IncludesUsage && !unsupported.Contains(StreamUsageParam),
            Dropped = dropped,
            Defaults = WithoutLimits(run.Request, WithoutOwn(parameters.Defaults)),
            Overrides = WithoutOwn(parameters.ExtraBody),
        };
        return null;
    }

    /// <summary>The limit of output tokens has an old and a new name, and providers refuse a body that holds both.</summary>
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
    public static StreamOptions? StreamFor(AttemptRun run, Deployment deployment, Func<Usage, NanoUsd?> costOf)
    {
        if (!run.Request.IsStream)
            return null;
        var config = run.Snapshot.Config;
        return new StreamOptions(
            run.ShownModel,
            HidesUsage: !run.Request.IncludesUsage && !config.General.AlwaysIncludeStreamUsage,
            config.LiteLlm.IncludeCostInStreamingUsage ? costOf : null)
        {
            Choices = AnswerChoices.ExpectedOf(run.Request, run.Endpoint.Operation, deployment),
        };
    }
}
