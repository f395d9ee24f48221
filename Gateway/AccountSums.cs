using Gateway.Ledger;
using Gateway.Limits;

namespace Gateway;

/// <summary>The questions that accounts ask of the ledger at one instant, and what the answers come to for the limiter.</summary>
internal sealed class AccountSums(List<(LimitedAccount Account, SubjectLimits Limits)> accounts, BudgetCalendar calendar, DateTimeOffset now)
{
    public IReadOnlyCollection<SumQuestion> Questions { get; } =
    [
        .. accounts.SelectMany(each => new[] { each.Account.Total, each.Account.Since(calendar.SpanAt(each.Account.Period, now)) })
            .OfType<SumQuestion>().Distinct(),
    ];

    /// <summary>The totals of users, keys and teams that have no limit: headers and reports tell them.</summary>
    public IEnumerable<SpentSum> Unlimited(LedgerSums known)
    {
        var limited = accounts.Where(each => each.Account.HasBalance).Select(each => new Subject(each.Account.Kind, each.Account.Id!)).ToHashSet();
        return
            from balance in known.Balances
            where !limited.Contains(balance.Key)
            let spent = Positive(balance.Value)
            select new SpentSum(balance.Key, null, null, BudgetSpan.Always.Start, spent, spent);
    }

    /// <summary>What the accounts begin with.</summary>
    public IEnumerable<SpentSum> Answers(LedgerSums known)
    {
        var byModel = Questions.Where(question => question.ByModel).ToDictionary(question => question, known.ByModel);
        foreach (var (account, limits) in accounts)
        {
            var span = calendar.SpanAt(account.Period, now);
            var (since, total) = (account.Since(span), account.Total);
            // Those with the largest sums: the limiter has no more accounts of their own for end users.
            var ids = account.Id is { } id ? [id] : known.Ids(since!.Value, AccountBook.MostStrangers);
            foreach (var holder in ids)
            {
                yield return new SpentSum(
                    new Subject(account.Kind, holder), account.Model, account.Period, span.Start, Answer(since, holder), Answer(total, holder));
            }

            NanoUsd Answer(SumQuestion? question, string holder) =>
                question is not { } asked ? Positive(known.Balances.GetValueOrDefault(new Subject(account.Kind, holder)))
                : account.Model is null ? known.Sum(asked, holder)
                : Sum(byModel[asked][holder].Where(each => limits.ForModel(each.Model)?.Model == account.Model).Select(each => each.Sum));
        }
    }

    private static NanoUsd Positive(NanoUsd amount) => amount.Value < 0 ? NanoUsd.Zero : amount;

    private static NanoUsd Sum(IEnumerable<NanoUsd> amounts) =>
        new((long)Int128.Min(amounts.Aggregate((Int128)0, (sum, amount) => sum + amount.Value), long.MaxValue));
}
