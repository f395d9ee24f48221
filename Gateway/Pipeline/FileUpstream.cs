using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Dialects.OpenAi;
using Gateway.Ledger;
using Gateway.Limits;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>Makes the calls of files and batches: each is journaled, sent, and its cost settled.</summary>
internal sealed class FileUpstream(UpstreamClient upstream, SpendLedger ledger, TimeProvider time)
{
    /// <summary>How the price of a batch is named in the ledger.</summary>
    private const string BatchPrice = "batch_bound_usd";

    private static readonly PassThroughWire Json = new(new PassThroughDialect(Operation.Files));
    private static readonly PassThroughWire Content = new(new PassThroughDialect(Operation.Files) { IsContent = true });

    /// <summary>Makes a call.</summary>
    /// <param name="query">Of checked names and values.</param>
    /// <returns>An answer that is to be disposed of, or the refusal.</returns>
    /// <exception cref="OperationCanceledException">The client hung up.</exception>
    public async ValueTask<(UpstreamAnswer? Answer, Attempt Attempt, ApiError? Error)> CallAsync(FileRun run, string query)
    {
        var attempt = NewAttempt(run);
        var provider = RequestPayers.Provider(run.Provider, run.Snapshot.Config);
        if (run.Bound > NanoUsd.Zero || run.Exchange.Attempts.Count == 0)
        {
            if (run.Money!.BeginAttempt(new AttemptStart(attempt.StartedAt, run.Call.Name, provider)) is { } full)
                return (null, attempt, RequestChecks.Refuse(run.Exchange, Stage.Admit, full));
        }
        run.Exchange.Attempts.Add(attempt);
        if (!await ledger.OpenAsync(run.Exchange, attempt) && run.Money!.IsLimited)
        {
            run.Exchange.Attempts.Remove(attempt);
            return (null, attempt, ApiError.Unavailable("its ledger cannot be written"));
        }
        var call = NewCall(run, query);
        UpstreamAnswer? answer = null;
        try
        {
            answer = await upstream.CallAsync(call, run.Http.RequestAborted);
        }
        finally
        {
            attempt.Latency = time.GetElapsedTime(attempt.StartTimestamp);
            Settle(run, attempt, call, answer);
        }
        if (answer is not FailedAnswer { Failure: var failure })
            return (answer, attempt, null);
        answer.Dispose();
        return (null, attempt, RequestChecks.Refuse(run.Exchange, Stage.Call, failure.ToError()));
    }

    /// <summary>A batch that was begun, or of which nobody knows, is booked at its bound; it is corrected once its bill is known.</summary>
    private static void Settle(FileRun run, Attempt attempt, UpstreamCall call, UpstreamAnswer? answer)
    {
        attempt.Status = answer switch
        {
            null => ApiError.ClientClosedRequest,
            FailedAnswer failed => failed.Failure.UpstreamStatus,
            _ => 200,
        };
        attempt.ExceptionClass = answer is FailedAnswer { Failure.ExceptionClass: var name } ? name
            : answer is null ? Attempts.ClientDisconnected : null;
        var mayCost = answer is null or FailedAnswer { Failure.IsAbandoned: true } ? call.IsSent : answer is not FailedAnswer;
        if (!mayCost || run.Bound == NanoUsd.Zero)
            return;
        (attempt.Cost, attempt.PriceId, attempt.IsEstimated) = (run.Bound, BatchPrice, true);
        run.Money!.Settle(attempt.Cost);
    }

    private Attempt NewAttempt(FileRun run) => new()
    {
        Number = run.Exchange.Attempts.Count + 1,
        Kind = AttemptKind.First,
        ModelGroup = run.Call.Name,
        DeploymentId = run.Account.Id,
        Provider = run.Provider,
        Model = $"{run.Provider}/{run.Call.Name}",
        ApiBase = run.Account.ApiBase,
        StartedAt = time.GetUtcNow(),
        StartTimestamp = time.GetTimestamp(),
        Bound = run.Bound,
    };

    private static UpstreamCall NewCall(FileRun run, string query)
    {
        var account = run.Account;
        return new UpstreamCall
        {
            Deployment = account,
            Operation = Operation.Files,
            Wire = run.Call.Action == FileAction.Content ? Content : Json,
            Model = "",
            Uri = UpstreamUrl.BuildWithoutModel(account.Provider, account.ApiBase, run.Call.PathOf(run.Id), query, account.ApiVersion),
            Key = account.ApiKey,
            Body = run.Request.Body,
            Method = run.Call.Method,
            Timeout = account.Params.Timeout ?? run.Snapshot.Config.Router.Timeout ?? run.Snapshot.Config.LiteLlm.RequestTimeout,
        };
    }
}
