using System.Runtime.InteropServices;

namespace Gateway.Ledger;

/// <summary>Adds up the rows that a question is about.</summary>
internal sealed class SumTally(SumQuestion question)
{
    /// <summary>
    /// End users are what clients write, so their number is bounded: ten times as many as have accounts of their own at a time. Those that
    /// come later in the ledger are left out.
    /// </summary>
    private const int MostNames = 200_000;

    // Most questions are about one subject and all models: no table for one sum.
    private readonly Dictionary<(string Id, string Model), long> _sums = [];
    private long _sum;

    public SumQuestion Question { get; } = question;

    /// <summary>Rows up to this one are in the sums, or are not to be.</summary>
    public long After { get; set; }

    /// <summary>The sums; the model is empty where the question is not by model.</summary>
    public IReadOnlyDictionary<(string Id, string Model), long> Sums =>
        IsOne ? new Dictionary<(string, string), long> { [(Question.Id!, "")] = _sum } : _sums;

    private bool IsOne => Question is { Id: not null, ByModel: false };

    /// <summary>A subject starts from zero after a row.</summary>
    public void Restart(long row)
    {
        if (row <= After)
            return;
        After = row;
        _sum = 0;
        _sums.Clear();
    }

    /// <summary>Begins anew.</summary>
    public void Forget()
    {
        After = 0;
        _sum = 0;
        _sums.Clear();
    }

    public void Count(long row, long timeMs, string id, string model, long nanoUsd)
    {
        if (row > After && timeMs >= Question.SinceMs)
            Add(id, model, nanoUsd);
    }

    public void Add(string id, string model, long nanoUsd)
    {
        if (IsOne)
        {
            _sum = Sum(_sum, nanoUsd);
            return;
        }
        var key = (id, Question.ByModel ? model : "");
        if (_sums.Count >= MostNames && Question.Id is null && !_sums.ContainsKey(key))
            return;
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, key, out _);
        sum = Sum(sum, nanoUsd);
    }

    private static long Sum(long a, long b) => (long)Int128.Clamp((Int128)a + b, -LedgerInsert.MostSpent, LedgerInsert.MostSpent);
}
