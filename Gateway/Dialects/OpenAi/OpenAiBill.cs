using System.Text.Json;

namespace Gateway.Dialects.OpenAi;

/// <summary>Reads what a <c>usage</c> object says beside its tokens: the provider's own cost, and what its tools did.</summary>
internal struct OpenAiBill
{
    /// <summary>1 USD in xAI's ticks (docs.x.ai, "Cost tracking").</summary>
    private const decimal TicksPerUsd = 10_000_000_000m;

    /// <summary>A cost above a billion USD is not believed: no ledger entry is as large.</summary>
    private const decimal MostUsd = 1_000_000_000m;

    /// <summary>More searches or sources no answer has.</summary>
    private const long MostCount = 1_000_000;

    private bool _isAny, _isOwnKey;
    private decimal? _cost, _total, _ticks, _upstream;
    private long? _searches, _sources;

    /// <summary>Where the value of <c>cost</c> stands; empty: there is none.</summary>
    public Range CostAt { get; private set; }

    /// <summary>
    /// Reads the member at whose name the reader stands, when it is part of the bill, and leaves the reader at its end.
    /// </summary>
    /// <returns>False: it is not; the reader has not moved.</returns>
    public bool TryRead(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("cost"u8))
            ReadCost(ref reader);
        else if (reader.ValueTextEquals("cost_in_usd_ticks"u8))
            _ticks = Amount(ref reader, TicksPerUsd) / TicksPerUsd;
        else if (reader.ValueTextEquals("cost_details"u8))
            ReadDetails(ref reader);
        else if (reader.ValueTextEquals("is_byok"u8))
            _isOwnKey = reader.Read() && reader.TokenType == JsonTokenType.True;
        else if (reader.ValueTextEquals("num_search_queries"u8))
            _searches = Count(ref reader);
        else if (reader.ValueTextEquals("num_sources_used"u8))
            _sources = Count(ref reader);
        else if (reader.ValueTextEquals("server_tool_use"u8))
            ReadToolUse(ref reader);
        else
            return false;
        reader.Skip();
        _isAny = true;
        return true;
    }

    /// <summary>What was read. Null: nothing.</summary>
    public readonly ReportedBill? ToBill() => !_isAny ? null : new ReportedBill
    {
        // OpenRouter's cost is its own share alone where one's own key is used; the provider behind it bills that key.
        Cost = _isOwnKey ? _cost + _upstream : _cost,
        TotalCost = _total,
        CostOfTicks = _ticks,
        Searches = _searches,
        Sources = _sources,
    };

    private void ReadCost(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isTotal = reader.ValueTextEquals("total_cost"u8);
                var amount = Amount(ref reader, 1);
                if (isTotal)
                    _total = amount;
            }
        }
        else
        {
            _cost = AmountHere(ref reader, 1);
        }
        CostAt = start..(int)reader.BytesConsumed;
    }

    private void ReadDetails(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUpstream = reader.ValueTextEquals("upstream_inference_cost"u8);
            var amount = Amount(ref reader, 1);
            if (isUpstream)
                _upstream = amount;
        }
    }

    private void ReadToolUse(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isSearch = reader.ValueTextEquals("web_search_requests"u8);
            var count = Count(ref reader);
            if (isSearch)
                _searches = count;
        }
    }

    private static long? Count(ref Utf8JsonReader reader) => Amount(ref reader, 1) is <= MostCount and var count ? (long)count : null;

    private static decimal? Amount(ref Utf8JsonReader reader, decimal perUsd)
    {
        reader.Read();
        return AmountHere(ref reader, perUsd);
    }

    /// <summary>The number at which the reader stands; what is none, is negative or absurd, is null.</summary>
    private static decimal? AmountHere(ref Utf8JsonReader reader, decimal perUsd)
    {
        decimal? amount = reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out var number)
            && number >= 0 && number / perUsd <= MostUsd ? number : null;
        reader.Skip();
        return amount;
    }
}
