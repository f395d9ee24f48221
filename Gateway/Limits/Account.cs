namespace Gateway.Limits;

/// <summary>
/// What one subject, or one subject with one model, has spent, holds reserved and does at the moment. Guarded by the limiter's lock.
/// Everything counts in the period that is current at the last <see cref="Refresh"/>.
/// </summary>
internal sealed class Account(Subject subject, string? model)
{
    private BudgetPeriod? _period;
    private BurnRate? _burn;
    private bool _isKnown;

    /// <summary>The tokens in <see cref="Tokens"/> whose requests are still in flight.</summary>
    private RateWindow? _held;

    public Subject Subject { get; } = subject;

    /// <summary>The model, or pattern, that the account is for. Null: all models.</summary>
    public string? Model { get; } = model;
    public SubjectLimits Limits { get; private set; } = SubjectLimits.None;

    /// <summary>What messages call it.</summary>
    public string Name { get; private set; } = subject.Id;
    public BudgetSpan Span { get; private set; } = BudgetSpan.Always;

    /// <summary>Counts the resets; what was reserved in another epoch is not in <see cref="Reserved"/>.</summary>
    public long Epoch { get; private set; }
    public NanoUsd Spent { get; private set; }

    /// <summary>In 128 bits: bounds without a limit may be as large as money can be.</summary>
    public Int128 Reserved { get; private set; }

    /// <summary>Spent since the beginning.</summary>
    public NanoUsd Total { get; private set; }
    public RateWindow? Requests { get; private set; }
    public RateWindow? Tokens { get; private set; }
    public int Parallel { get; private set; }

    /// <summary>How many waiting requests are short of something here.</summary>
    public int Waiting { get; set; }

    /// <summary>The pass over the queue in which an earlier one was found to wait here.</summary>
    public long ClaimedIn { get; set; }

    /// <summary>The most that was announced in this period.</summary>
    public BudgetAlerts Announced { get; set; }

    /// <summary>False until limits were seen: what a restart finds crossed was announced before.</summary>
    public bool KnowsAnnounced { get; set; }

    /// <summary>True when nothing is lost by forgetting the account.</summary>
    public bool IsIdle(DateTimeOffset now) =>
        Reserved == 0 && Parallel == 0 && Waiting == 0 && (Spent.Value == 0 || Span.End <= now)
        && (Requests?.Sum ?? 0) == 0 && (Tokens?.Sum ?? 0) == 0;

    /// <summary>What is left of the budget. Null: there is none.</summary>
    public Int128? Left => Limits.MaxBudget is { } limit ? (Int128)limit.Value - Spent.Value - Reserved : null;

    /// <summary>What would be left of the tokens per minute if all that are in flight came to nothing.</summary>
    public long LeftOfTokens(bool ifAllSettle) => Limits.Tpm!.Value - Tokens!.Sum + (ifAllSettle ? _held!.Sum : 0);

    /// <summary>Takes over the limits as the config has them now.</summary>
    public void Know(LimitedSubject known, SubjectLimits limits)
    {
        Limits = limits;
        _isKnown = true;
        Name = known.DisplayName;
        if (limits.Rpm is not null)
            Requests ??= new RateWindow();
        if (limits.Tpm is not null)
            (Tokens, _held) = (Tokens ?? new RateWindow(), _held ?? new RateWindow());
    }

    /// <summary>
    /// Begins the period anew when it is over. When the config has given the budget another period, what was spent is carried over
    /// until that ends or <see cref="Load"/> corrects it: a change of config must not open a budget.
    /// </summary>
    public void Refresh(DateTimeOffset now, BudgetCalendar calendar)
    {
        if (now >= Span.End)
        {
            Span = calendar.SpanAt(_period, now);
            Epoch++;
            (Spent, Reserved, Announced) = (NanoUsd.Zero, 0, BudgetAlerts.None);
        }
        if (_isKnown && Limits.Period != _period)
        {
            _period = Limits.Period;
            Span = calendar.SpanAt(_period, now);
        }
        var second = RateWindow.SecondOf(now);
        Requests?.MoveTo(second);
        Tokens?.MoveTo(second);
        _held?.MoveTo(second);
    }

    /// <summary>Sets what the ledger knows, adding what was settled since and is not in it.</summary>
    public void Load(SpentSum sum, DateTimeOffset now, BudgetCalendar calendar)
    {
        if (now >= Span.End)
            Refresh(now, calendar);
        // Also where another time zone has moved the period. The limits are told on the next request; until then they are those of the sum.
        if (calendar.SpanAt(sum.Period, now) is var span && (sum.Period != _period || sum.PeriodStart == span.Start))
            (_period, Span, Limits) = (sum.Period, span, Limits with { Period = sum.Period });
        var unwritten = Math.Max(0, Total.Value - sum.Total.Value);
        Total = new NanoUsd(Math.Max(Total.Value, sum.Total.Value));
        if (sum.PeriodStart == Span.Start)
            Spent = Sum(sum.Spent, new NanoUsd(unwritten));
    }

    public void LoadRates(RateSample sample, DateTimeOffset now)
    {
        var (second, nowSecond) = (RateWindow.SecondOf(sample.Time), RateWindow.SecondOf(now));
        (Requests ??= new RateWindow()).MoveTo(nowSecond);
        (Tokens ??= new RateWindow()).MoveTo(nowSecond);
        (_held ??= new RateWindow()).MoveTo(nowSecond);
        Requests.Add(second, sample.Requests);
        Tokens.Add(second, sample.Tokens);
    }

    /// <summary>Reserves in the current period.</summary>
    public void Reserve(NanoUsd bound) => Reserved += bound.Value;

    /// <summary>Gives a bound back and books what it was for, in the period in which it was reserved.</summary>
    public void Settle(long epoch, NanoUsd bound, NanoUsd cost, DateTimeOffset now)
    {
        Release(epoch, bound);
        if (cost.Value == 0)
            return;
        Total = Sum(Total, cost);
        if (epoch == Epoch)
            Spent = Sum(Spent, cost);
        (_burn ??= new BurnRate()).Add(now, cost);
    }

    /// <summary>Adds an amount, which may be negative, that belongs to the period in which the attempt began.</summary>
    public void Correct(NanoUsd amount, DateTimeOffset attemptStart)
    {
        Total = NotNegative(Sum(Total, amount));
        if (attemptStart < Span.Start)
            return;
        Spent = NotNegative(Sum(Spent, amount));
        KnowsAnnounced = false; // what is crossed now is found anew
    }

    private static NanoUsd NotNegative(NanoUsd amount) => amount.Value < 0 ? NanoUsd.Zero : amount;

    public void Release(long epoch, NanoUsd bound)
    {
        if (epoch == Epoch)
            Reserved -= bound.Value;
    }

    /// <summary>Counts a request that begins now.</summary>
    public void CountRequest(long second) => Requests?.Add(second, 1);

    public void HoldTokens(long second, long tokens)
    {
        Tokens?.Add(second, tokens);
        _held?.Add(second, tokens);
    }

    /// <summary>Gives back what was held where it was held. More than was held counts now.</summary>
    public void SettleTokens(long second, long held, long used, DateTimeOffset now)
    {
        if (Tokens is null)
            return;
        var current = Tokens.MoveTo(RateWindow.SecondOf(now));
        _held!.MoveTo(current);
        _held.Add(second, -held);
        Tokens.Add(used > held ? current : second, used - held);
    }

    public void Enter() => Parallel++;
    public void Leave() => Parallel--;

    /// <summary>Spend per second over the last hours, in nano-dollars.</summary>
    public double BurnPerSecond(DateTimeOffset now, int hours) => _burn?.PerSecond(now, hours) ?? 0;

    /// <summary>A sum that leaves 64 bits stays at the largest amount: turning negative, it would open every budget.</summary>
    private static NanoUsd Sum(NanoUsd a, NanoUsd b) => new((long)Int128.Min((Int128)a.Value + b.Value, long.MaxValue));
}
