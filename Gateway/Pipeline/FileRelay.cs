using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Gateway.Upstream;

namespace Gateway.Pipeline;

/// <summary>
/// Passes answers about files and batches on, and remembers whose the new ones are. A list shows what is the caller's alone.
/// </summary>
internal sealed class FileRelay(OwnedIds owned, FileUpstream upstream)
{
    /// <summary>Of a provider's list, in which all keys' things are, so many pages are looked through for one.</summary>
    private const int MostPages = 20;

    /// <summary>Makes the call and answers it. Null: it was answered.</summary>
    public ValueTask<ApiError?> RunAsync(FileRun run) =>
        run.Call.Action == FileAction.List ? ListAsync(run) : OneAsync(run);

    private async ValueTask<ApiError?> OneAsync(FileRun run)
    {
        var (answer, attempt, error) = await upstream.CallAsync(run, "");
        if (error is not null)
            return error;
        using (answer)
        {
            if (answer is RelayedAnswer bytes)
            {
                await BytesRelay.RunAsync(run.Http, run.Exchange, run.Account, attempt, bytes, run.Answer);
                return null;
            }
            if (answer is not WholeAnswer whole)
                return ApiError.Unavailable("the provider streams where it should not");
            if (!await KeepAsync(run, ObjectList.ReadOne(whole.Bytes)))
                return RequestChecks.Refuse(run.Exchange, Stage.Relay, ApiError.DatabaseUnavailable("whose an id is could not be kept"));
            run.Answer.SetCost(attempt.Cost);
            await run.Answer.SendAsync(whole, "");
            return null;
        }
    }

    /// <summary>Keeps whose a new thing is, and what a batch has written.</summary>
    /// <returns>False: it could not be written.</returns>
    private async ValueTask<bool> KeepAsync(FileRun run, ListedObject? said)
    {
        if (said is not { } one)
            return true;
        var owner = run.Owner;
        if (run.Call.Action == FileAction.Create && OwnedIds.IsId(one.Id))
        {
            owner = new OwnedId(one.Id!, run.Provider, run.Caller.KeyId, run.Caller.UserId);
            if (!await owned.RememberAsync(owner, run.Call.Kind))
                return false;
        }
        if (run.Call is { Action: FileAction.Delete, Kind: var kind } && run.Id is { } gone)
            return await owned.ForgetAsync(kind, gone);
        return owner is null || await KeepFilesAsync(owner, one.Files);
    }

    /// <summary>The files that a batch has written are its owner's.</summary>
    private async ValueTask<bool> KeepFilesAsync(OwnedId owner, string[] files)
    {
        foreach (var file in files)
        {
            if (OwnedIds.IsId(file) && owned.Find(OwnedKind.File, file) is null
                && !await owned.RememberAsync(owner with { Id = file }, OwnedKind.File))
                return false;
        }
        return true;
    }

    private async ValueTask<ApiError?> ListAsync(FileRun run)
    {
        if (FileQuery.Read(run.Http.Request.Query, run.Call.Kind, out var query) is { } wrong)
            return RequestChecks.Refuse(run.Exchange, Stage.Parse, wrong);
        if (run.Caller.IsAdmin)
            return await PageAsync(run, query);
        var own = owned.Of(run.Caller, run.Call.Kind, run.Provider);
        if (query.After is { } after && !own.Contains(after))
            return RequestChecks.Refuse(run.Exchange, Stage.Authorize, FileErrors.NotFound(run.Call.Name, after));
        var found = new List<(string Id, byte[] Json)>();
        var hasMore = own.Count > 0;
        var next = query.After;
        for (var page = 0; page < MostPages && hasMore && found.Count <= query.Limit && found.Count < own.Count; page++)
        {
            var (answer, _, error) = await upstream.CallAsync(run, query.ToText(next, query.Most));
            if (error is not null)
                return error;
            using (answer)
            {
                if (answer is not WholeAnswer whole || ObjectList.Read(whole.Bytes) is not { } list)
                    return ApiError.Unavailable("the provider's list is none");
                await CollectAsync(run, whole, list, own, found);
                next = list.Items.Count > 0 ? list.Items[^1].Id : null;
                hasMore = list.HasMore && OwnedIds.IsId(next);
            }
        }
        var isCut = found.Count > query.Limit;
        await run.Answer.SendListAsync(isCut ? found[..query.Limit] : found, isCut);
        return null;
    }

    /// <summary>The admin sees the provider's own page.</summary>
    private async ValueTask<ApiError?> PageAsync(FileRun run, FileQuery query)
    {
        var isSaid = run.Http.Request.Query.ContainsKey("limit");
        var (answer, _, error) = await upstream.CallAsync(run, query.ToText(query.After, isSaid ? query.Limit : null));
        if (error is not null)
            return error;
        using (answer)
        {
            if (answer is not WholeAnswer whole)
                return ApiError.Unavailable("the provider's list is none");
            await run.Answer.SendAsync(whole, "");
            return null;
        }
    }

    private async ValueTask CollectAsync(
        FileRun run, WholeAnswer whole, ObjectList list, IReadOnlySet<string> own, List<(string Id, byte[] Json)> found)
    {
        foreach (var item in list.Items)
        {
            if (item.Id is not { } id || !own.Contains(id))
                continue;
            found.Add((id, whole.Bytes[item.Json].ToArray()));
            await KeepFilesAsync(new OwnedId(id, run.Provider, run.Caller.KeyId, run.Caller.UserId), item.Files);
        }
    }
}
