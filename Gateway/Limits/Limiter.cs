using System.Collections.Concurrent;

namespace Gateway.Limits;

/// <summary>
/// Lets a caller spend as long as there is money: keeps what each user and key has spent, in memory, and refuses a user whose
/// budget is used up. All keys of a user share the budget. Safe for use by many threads.
/// </summary>
public sealed class Limiter
{
    private readonly ConcurrentDictionary<Subject, Account> _accounts;

    /// <param name="balances">What was spent before this start.</param>
    public Limiter(IReadOnlyDictionary<Subject, NanoUsd> balances) =>
        _accounts = new(balances.Select(balance => KeyValuePair.Create(balance.Key, new Account(balance.Value))));

    /// <summary>Asks whether the caller may start a request. A budget that is just reached is used up; one of zero always is.</summary>
    /// <param name="reservation">To be settled with the cost when the request has ended. Null exactly when it is refused.</param>
    /// <returns>Null, or 429 <c>budget_exceeded</c>.</returns>
    public ApiError? Admit(Caller caller, out Reservation? reservation)
    {
        var user = AccountOf(SubjectKind.User, caller.UserId);
        reservation = null;
        if (caller.MaxBudget is { } budget && user.Spent >= budget)
            return ApiError.BudgetExceeded(caller.UserId, user.Spent, budget);
        reservation = new Reservation(user, caller.KeyId.Length > 0 ? AccountOf(SubjectKind.Key, caller.KeyId) : null);
        return null;
    }

    /// <summary>What a user has spent with all keys.</summary>
    public NanoUsd SpentByUser(string userId) => SpentBy(new Subject(SubjectKind.User, userId));

    /// <summary>What was spent with the caller's key; without keys, what was spent at all.</summary>
    public NanoUsd SpentByKey(Caller caller) =>
        caller.KeyId.Length > 0 ? SpentBy(new Subject(SubjectKind.Key, caller.KeyId)) : SpentByUser(caller.UserId);

    private NanoUsd SpentBy(Subject subject) => _accounts.TryGetValue(subject, out var account) ? account.Spent : NanoUsd.Zero;

    /// <summary>As many accounts as there are users and keys in the config: a stranger cannot add one.</summary>
    private Account AccountOf(SubjectKind kind, string id) =>
        _accounts.GetOrAdd(new Subject(kind, id), static _ => new Account(NanoUsd.Zero));
}
