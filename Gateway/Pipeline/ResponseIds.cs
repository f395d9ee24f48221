using Gateway.Catalog;
using Gateway.Dialects;
using Gateway.Keys;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>
/// Whose answers the ids of Responses are. A client may go on only from what its own key was answered: at a provider all keys of the gateway
/// are one.
/// </summary>
internal sealed class ResponseIds(OwnedIds owned, ResponseStore store)
{
    /// <summary>
    /// Looks who was given the answer that a request goes on from, and leaves of the group only the deployment that has it: no other knows
    /// the id. A conversation that the gateway keeps itself goes to any.
    /// </summary>
    /// <returns>Null, or that there is no such answer for this caller.</returns>
    public ApiError? Find(Caller caller, ClientRequest request, ref ModelGroup group)
    {
        if (request.PreviousResponseId is not { } id || store.Has(caller.KeyId, id))
            return null;
        if (!OwnedIds.IsId(id) || owned.Find(OwnedKind.Response, id) is not { } answer || !(caller.IsAdmin || OwnedIds.IsOf(caller, answer)))
            return ApiError.PreviousResponseNotFound(RecordedText.Shorten(id));
        foreach (var deployment in group.Deployments)
        {
            if (deployment.Id == answer.Provider)
                group = group.Only(deployment);
        }
        return null;
    }

    /// <summary>Remembers whose an answer is that its provider keeps, before the client learns its id.</summary>
    public async ValueTask RememberAsync(AttemptRun run, AttemptOutcome outcome)
    {
        if (run.Endpoint.Dialect.Format != WireFormat.Responses || outcome.Call?.Call.Wire is not PassThroughWire)
            return;
        var id = outcome.Answer switch
        {
            WholeAnswer whole => whole.Facts.Id,
            StreamedAnswer stream => stream.Translator.AnswerId,
            _ => null,
        };
        if (OwnedIds.IsId(id))
            await owned.RememberAsync(run.Exchange.Caller!, OwnedKind.Response, id!, outcome.Deployment!.Id);
    }
}
