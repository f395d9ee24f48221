using System.Globalization;
using Gateway.Keys;
using Microsoft.AspNetCore.Http;

namespace Gateway.Pipeline;

/// <summary>What a client asks of a list: its page and kind. Nothing of its text reaches a URL that was not checked.</summary>
internal sealed record FileQuery
{
    /// <summary>As many as OpenAI gives of files, and of batches.</summary>
    private const int MostFiles = 10_000, MostBatches = 100;

    private const int UsualBatches = 20;

    /// <summary>How many are asked for.</summary>
    public required int Limit { get; init; }

    /// <summary>The id that the page begins after. Null: the first page.</summary>
    public string? After { get; init; }

    public string? Order { get; init; }
    public string? Purpose { get; init; }

    /// <summary>As many as a provider gives at once.</summary>
    public required int Most { get; init; }

    /// <summary>Reads a query string.</summary>
    /// <returns>Null, or what cannot be meant.</returns>
    public static ApiError? Read(IQueryCollection query, OwnedKind kind, out FileQuery read)
    {
        var most = kind == OwnedKind.File ? MostFiles : MostBatches;
        read = new FileQuery { Limit = kind == OwnedKind.File ? most : UsualBatches, Most = most };
        if (query["limit"] is [{ } limit, ..])
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1 || count > most)
                return ApiError.InvalidParameter("limit", $"must be a whole number from 1 to {most}");
            read = read with { Limit = count };
        }
        if (query["after"] is [{ } after, ..])
        {
            if (!OwnedIds.IsId(after))
                return ApiError.InvalidParameter("after", "must be an id");
            read = read with { After = after };
        }
        if (query["order"] is [{ } order, ..])
        {
            if (order is not ("asc" or "desc"))
                return ApiError.InvalidParameter("order", "must be asc or desc");
            read = read with { Order = order };
        }
        if (query["purpose"] is [{ } purpose, ..])
        {
            if (!OwnedIds.IsId(purpose))
                return ApiError.InvalidParameter("purpose", "must be a word");
            read = read with { Purpose = purpose };
        }
        return null;
    }

    /// <summary>The query for a provider.</summary>
    /// <param name="limit">Null: the provider's own.</param>
    public string ToText(string? after, int? limit)
    {
        string?[] parts =
        [
            after is null ? null : $"after={after}",
            limit is null ? null : string.Create(CultureInfo.InvariantCulture, $"limit={limit}"),
            Order is null ? null : $"order={Order}",
            Purpose is null ? null : $"purpose={Purpose}",
        ];
        return string.Join('&', parts.OfType<string>());
    }
}
