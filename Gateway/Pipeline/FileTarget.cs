using System.Collections.Immutable;
using Gateway.Catalog;
using Gateway.Dialects.OpenAi;
using Gateway.Keys;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>Says which account a call of files or batches goes to, and whether the caller may make it.</summary>
internal sealed class FileTarget(OwnedIds owned)
{
    /// <summary>As in LiteLLM, in header, query or body.</summary>
    private const string Header = "custom-llm-provider", Query = "custom_llm_provider";

    /// <summary>Finds the account of a call.</summary>
    /// <param name="id">The id in the path. Null: there is none.</param>
    /// <param name="owner">Whose the id is. Null: nobody's that is known.</param>
    /// <returns>Null, or why there is none; an id that is not the caller's is not there.</returns>
    public ApiError? Find(
        HttpContext http, FileCall call, GatewaySnapshot current, Caller caller, FileRequest request, string? id,
        out Deployment account, out OwnedId? owner)
    {
        (account, owner) = (null!, null);
        var accounts = current.Catalog.FileAccounts;
        if (Named(http, request, out var named) is { } wrong)
            return wrong;
        if (id is not null)
        {
            owner = OwnedIds.IsId(id) ? owned.Find(call.Kind, id) : null;
            if (!OwnedIds.IsId(id) || (!caller.IsAdmin && !OwnedIds.IsOf(caller, owner)))
                return FileErrors.NotFound(call.Name, id);
            named = owner?.Provider ?? named;
        }
        else if (call.CreatesBatch)
        {
            if (CheckInput(caller, request, ref named) is { } refused)
                return refused;
        }
        return Pick(accounts, named, out account);
    }

    /// <summary>A batch is made of a file that is the caller's, at the provider that has it.</summary>
    private ApiError? CheckInput(Caller caller, FileRequest request, ref string? named)
    {
        if (request.InputFile is not { } file)
            return null; // the provider says that it is missing
        var input = OwnedIds.IsId(file) ? owned.Find(OwnedKind.File, file) : null;
        if (!OwnedIds.IsId(file) || (!caller.IsAdmin && !OwnedIds.IsOf(caller, input)))
            return FileErrors.NotFound("files", file);
        if (input is not null && named is not null && input.Provider != named)
            return ApiError.InvalidParameter("input_file_id", $"is a file at {input.Provider}, and the batch is for another provider");
        named = input?.Provider ?? named;
        return null;
    }

    private static ApiError? Named(HttpContext http, FileRequest request, out string? named)
    {
        string?[] all = [request.Provider, .. http.Request.Query[Query], .. http.Request.Headers[Header]];
        var names = all.OfType<string>().Distinct().ToArray();
        named = names.FirstOrDefault();
        return names.Length > 1 ? ApiError.InvalidParameter(Query, "names more than one provider in body, query and header") : null;
    }

    private static ApiError? Pick(ImmutableArray<Deployment> accounts, string? named, out Deployment account)
    {
        account = null!;
        if (accounts.IsEmpty)
            return FileErrors.NoAccount("files_settings of the config names no provider");
        if (named is null && accounts.Length > 1)
            return FileErrors.NoAccount("say which provider with custom_llm_provider: "
                + string.Join(" or ", accounts.Select(static one => one.Provider.Name)));
        foreach (var one in accounts)
        {
            if (named is null || one.Provider.Name == named)
            {
                account = one;
                return one.Provider.Takes(Operation.Files) && one.Provider.IsBuilt && !one.IsMock
                    ? null : ApiError.NoSuchCall(one.Provider.Name, "files and batches");
            }
        }
        return FileErrors.NoAccount($"files_settings of the config has no entry with custom_llm_provider: {RecordedText.Shorten(named!)}");
    }
}
