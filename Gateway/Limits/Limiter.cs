using System.Threading.Channels;

namespace Gateway.Limits;

/// <summary>
/// Lets requests in as long as there is money and room for them: at every instant, for every subject, what is spent and the bounds of
/// what is in flight are within the limit together. Safe for use by many threads.
/// </summary>
/// <remarks>
/// One lock for all subjects, held for a microsecond: a request takes all of its accounts or none. Everything is in memory; the ledger's
/// rows say the same, since each cost is booked to the period in which its attempt began, and reach it at a start through
/// <see cref="Load(IEnumerable{SpentSum})"/>.
/// </remarks>
public sealed class Limiter
{
    private readonly Lock _gate = new();
    private readonly AccountBook _book = new();
    private readonly AdmissionQueue _queue = new();
    private readonly BudgetWatch _watch = new();
    private readonly TimeProvider _time;
    private volatile LimiterSettings _settings;

    public Limiter(TimeProvider time, LimiterSettings settings) => (_time, _settings) = (time, settings);

    /// <summary>Replaced whole when the config is.</summary>
    public LimiterSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>Thresholds that budgets cross. At most a thousand wait to be read.</summary>
    public ChannelReader<BudgetAlert> Alerts => _watch.Alerts;

    /// <summary>Requests that wait for others to settle.</summary>
    public int WaitingRequests
    {
        get
        {
            lock (_gate)
                return _queue.Count;
        }
    }

    /// <summary>
    /// Asks whether a request may start, and takes its bound from all subjects or from none. Near the edge of a budget it completes when
    /// others have settled, after <see cref="LimiterSettings.BudgetWait"/> at the latest; else at once. <see cref="Demand"/> has the rule.
    /// </summary>
    /// <param name="ct">Ends the wait: the task is cancelled, nothing is taken.</param>
    public ValueTask<Admission> AdmitAsync(AdmitRequest request, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return ValueTask.FromCanceled<Admission>(ct);
        WaitingRequest waiting;
        lock (_gate)
        {
            var (now, settings) = (_time.GetUtcNow(), _settings);
            var seats = _book.SeatsOf(request.Subjects, request.Model, null, settings.Calendar, now);
            if (request.UnpricedModel is { } model && HasBudget(seats))
                return new(new Admission(UnknownPrice(model, request), null, RatesOf(seats, now), Seat.LeftOf(seats)));

            var demand = Demand.Of(request, settings);
            var deadline = _queue.IsFull ? now : now + settings.BudgetWait;
            var verdict = Verdict.On(seats, demand, now, deadline);
            var isBehind = verdict.Cap is not null && deadline > now && _queue.IsBefore(seats, demand);
            if (!verdict.MayWait && !isBehind)
                return new(Answer(request, demand, seats, verdict, now));

            waiting = new WaitingRequest(request, demand, seats, deadline);
            _queue.Add(waiting, verdict.Cap ?? verdict.Target);
            waiting.Timer = _time.CreateTimer(
                state => LookAgain((WaitingRequest)state!), waiting, waiting.NextLook - now, Timeout.InfiniteTimeSpan);
        }
        waiting.Registration = ct.UnsafeRegister(state => Cancel((WaitingRequest)state!, ct), waiting);
        return new(waiting.Answer.Task);
    }

    /// <summary>Says what a request would be granted or refused at this moment, without a wait; nothing is taken or counted.</summary>
    /// <returns>Its reservation is always null; where the request would pass, or wait, so is its refusal.</returns>
    public Admission Ask(in AdmitRequest request)
    {
        lock (_gate)
        {
            var (now, settings) = (_time.GetUtcNow(), _settings);
            var seats = _book.SeatsOf(request.Subjects, request.Model, null, settings.Calendar, now);
            var demand = Demand.Of(request, settings);
            var refusal = request.UnpricedModel is { } model && HasBudget(seats) ? UnknownPrice(model, request) : null;
            var verdict = Verdict.On(seats, demand, now, now + settings.BudgetWait);
            if (refusal is null && verdict.Cap is null && !verdict.MayWait)
                refusal = LimitRefusal.Of(verdict.Full!, verdict.Kind, demand, now);
            return new(refusal, null, RatesOf(seats, now), Seat.LeftOf(seats));
        }
    }

    /// <summary>What a user has spent with all keys, in the current period.</summary>
    public NanoUsd SpentByUser(string userId) => SpentBy(new Subject(SubjectKind.User, userId));

    /// <summary>What was spent with the caller's key; without keys, what was spent at all. In the current period.</summary>
    public NanoUsd SpentByKey(Caller caller) =>
        caller.KeyId.Length > 0 ? SpentBy(new Subject(SubjectKind.Key, caller.KeyId)) : SpentByUser(caller.UserId);

    /// <summary>A subject's budget now, as messages and headers show it. Null: it has not been seen.</summary>
    public SubjectFacts? FactsOf(Subject subject, string? model = null)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (_book.Find(subject, model) is not { } account)
                return null;
            account.Refresh(now, _settings.Calendar);
            return BudgetWatch.FactsOf(account, now);
        }
    }

    /// <summary>A subject's budget now with the limits that the config gives it, be it seen or not.</summary>
    /// <param name="model">One of the subject's limits for models. Null: all models together.</param>
    public SubjectFacts FactsOf(LimitedSubject subject, SubjectModelLimits? model = null)
    {
        lock (_gate)
            return BudgetWatch.FactsOf(
                subject, model, _book.Find(subject.Subject, model?.Model), _settings.Calendar, _time.GetUtcNow());
    }

    /// <summary>All accounts with a budget that requests have touched.</summary>
    public IReadOnlyList<SubjectFacts> Facts()
    {
        lock (_gate)
        {
            var (now, calendar) = (_time.GetUtcNow(), _settings.Calendar);
            var facts = new List<SubjectFacts>();
            foreach (var account in _book.All)
            {
                if (account.Limits is { MaxBudget: null, SoftBudget: null })
                    continue;
                account.Refresh(now, calendar);
                facts.Add(BudgetWatch.FactsOf(account, now));
            }
            return facts;
        }
    }

    /// <summary>
    /// Sets what the ledger knows of the current periods: at a start before the first request; while running after the config has given
    /// a budget another period, when what was settled and is not in the ledger yet is added. A sum of a period that is over is ignored.
    /// </summary>
    public void Load(IEnumerable<SpentSum> sums)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var sum in sums)
                _book.Of(sum.Subject, sum.Model, now).Load(sum, now, _settings.Calendar);
            Wake(now);
        }
    }

    /// <summary>Sets, at a start before the first request, what the ledger knows of the last 61 seconds.</summary>
    public void Load(IEnumerable<RateSample> samples)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var sample in samples)
                _book.Of(sample.Subject, sample.Model, now).LoadRates(sample, now);
        }
    }

    /// <summary>
    /// Books what was corrected in the ledger by hand: in the current periods if the attempt began in them, else in the totals alone.
    /// </summary>
    /// <param name="model">The model group of the attempt.</param>
    /// <param name="amount">Negative where money is given back; nothing falls below zero.</param>
    public void Correct(IEnumerable<Subject> subjects, string model, NanoUsd amount, DateTimeOffset attemptStart)
    {
        lock (_gate)
        {
            foreach (var subject in subjects)
            {
                _book.Find(subject, null)?.Correct(amount, attemptStart);
                _book.Find(subject, model)?.Correct(amount, attemptStart);
            }
            Wake(_time.GetUtcNow());
        }
    }

    internal ApiError? BeginAttempt(Reservation reservation, in AttemptStart start)
    {
        lock (_gate)
        {
            if (reservation.IsSettled)
                throw new InvalidOperationException("The reservation is closed: an attempt after one that was paid for needs its own.");
            var provider = start.Provider;
            var isSame = start.Model == reservation.Model && provider?.Subject == reservation.Provider?.Subject;
            if (isSame && IsCurrent(reservation.Seats, start.StartedAt) || reservation.Subjects.IsEmpty && provider is null)
                return null;
            var seats = _book.SeatsOf(reservation.Subjects, start.Model, provider, _settings.Calendar, start.StartedAt);
            if (SeatMove.Try(reservation, seats, start.StartedAt, out var hasFreed) is { } full)
                return full;
            (reservation.Model, reservation.Provider) = (start.Model, provider);
            if (hasFreed)
                Wake(_time.GetUtcNow());
            return null;
        }
    }

    internal Reservation? TryExtend(Reservation reservation, NanoUsd bound, long tokens, in AttemptStart start)
    {
        lock (_gate)
        {
            var now = start.StartedAt;
            var seats = _book.SeatsOf(reservation.Subjects, start.Model, start.Provider, _settings.Calendar, now);
            if (Verdict.On(seats, Demand.Exactly(bound, tokens), now, now, isNewRequest: false).Cap is null)
                return null;
            foreach (ref var seat in seats.AsSpan())
                seat.Take(bound, tokens, now);
            return new Reservation(this, reservation.Subjects, seats, start.Model, start.Provider)
            {
                Bound = bound,
                Tokens = tokens,
                OutputCap = reservation.OutputCap,
                IsLowered = reservation.IsLowered,
            };
        }
    }

    internal bool Close(Reservation reservation, NanoUsd cost, long tokens, bool isDisposing)
    {
        lock (_gate)
        {
            if (isDisposing ? reservation.IsDisposed : reservation.IsSettled)
                return false;
            var now = _time.GetUtcNow();
            var isFirst = !reservation.IsSettled;
            if (isFirst && cost > reservation.Bound)
                reservation.Overshoot = cost - reservation.Bound;
            var isAwaited = false;
            foreach (ref var seat in reservation.Seats.AsSpan())
            {
                isAwaited |= seat.Account.Waiting > 0;
                if (isFirst)
                    seat.Settle(reservation.Bound, cost, tokens, now);
                if (isDisposing)
                    seat.Leave();
                if (cost.Value > 0)
                    _watch.Look(seat.Account, now);
            }
            reservation.IsSettled = true;
            reservation.IsDisposed |= isDisposing;
            if (isAwaited)
                Wake(now);
            return isFirst;
        }
    }

    private static ApiError UnknownPrice(string model, in AdmitRequest request) =>
        ApiError.UnknownPrice(model, request.PriceSettings ?? AdmitRequest.TokenPrices);

    private static bool HasBudget(ReadOnlySpan<Seat> seats)
    {
        foreach (ref readonly var seat in seats)
        {
            if (seat.Account.Limits.MaxBudget is not null)
                return true;
        }
        return false;
    }

    /// <summary>True when all is reserved in the periods that a time lies in.</summary>
    private static bool IsCurrent(ReadOnlySpan<Seat> seats, DateTimeOffset time)
    {
        foreach (ref readonly var seat in seats)
        {
            if (seat.Epoch != seat.Account.Epoch || time >= seat.Account.Span.End)
                return false;
        }
        return true;
    }

    private static RateFacts RatesOf(ReadOnlySpan<Seat> seats, DateTimeOffset now)
    {
        var facts = default(RateFacts);
        foreach (ref readonly var seat in seats)
        {
            var account = seat.Account;
            facts = new RateFacts(
                Tighter(facts.Requests, account.Limits.Rpm, account.Requests, now),
                Tighter(facts.Tokens, account.Limits.Tpm, account.Tokens, now));
        }
        return facts;
    }

    private static RateFact? Tighter(RateFact? other, long? limit, RateWindow? window, DateTimeOffset now)
    {
        if (limit is not { } most || Math.Max(0, most - window!.Sum) is var left && other is { } known && known.Remaining <= left)
            return other;
        var reset = window!.EmptySecond * TimeSpan.TicksPerSecond - now.UtcTicks;
        return new RateFact(most, left, new TimeSpan(Math.Max(0, reset)));
    }

    /// <summary>Takes what a verdict grants, or says who refuses.</summary>
    private Admission Answer(in AdmitRequest request, in Demand demand, Seat[] seats, in Verdict verdict, DateTimeOffset now)
    {
        var left = Seat.LeftOf(seats);
        if (verdict.Cap is not { } cap)
        {
            if (verdict.Kind == LimitKind.Budget)
                _watch.Look(verdict.Full!, now, isRefused: true);
            return new Admission(LimitRefusal.Of(verdict.Full!, verdict.Kind, demand, now), null, RatesOf(seats, now), left);
        }
        var (bound, tokens) = (demand.Bound.CostOf(cap), demand.Bound.TokensOf(cap));
        foreach (ref var seat in seats.AsSpan())
        {
            seat.Take(bound, tokens, now);
            seat.Enter(now);
        }
        var reservation = new Reservation(this, request.Subjects, seats, request.Model, null)
        {
            Bound = bound,
            Tokens = tokens,
            OutputCap = cap,
            IsLowered = cap < demand.Bound.OutputCap,
        };
        return new Admission(null, reservation, RatesOf(seats, now), left);
    }

    /// <summary>Looks at who waits after something was given back.</summary>
    private void Wake(DateTimeOffset now)
    {
        if (_queue.Count > 0)
            _queue.Pass(now, _settings.Calendar, Finish);
    }

    /// <summary>The time of a reset, or of the end of the wait, has come.</summary>
    private void LookAgain(WaitingRequest waiting)
    {
        lock (_gate)
        {
            var (now, calendar) = (_time.GetUtcNow(), _settings.Calendar);
            if (now >= waiting.Deadline && _queue.Remove(waiting))
            {
                foreach (ref readonly var seat in waiting.Seats.AsSpan())
                    seat.Account.Refresh(now, calendar);
                Finish(waiting, Verdict.On(waiting.Seats, waiting.Demand, now, now), now);
            }
            Wake(now);
            if (!waiting.IsOver)
                waiting.Timer!.Change(waiting.NextLook > now ? waiting.NextLook - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Cancel(WaitingRequest waiting, CancellationToken ct)
    {
        lock (_gate)
        {
            if (!_queue.Remove(waiting))
                return;
            waiting.Timer?.Dispose();
            waiting.Answer.TrySetCanceled(ct);
            Wake(_time.GetUtcNow());
        }
    }

    private void Finish(WaitingRequest waiting, Verdict verdict, DateTimeOffset now)
    {
        waiting.Timer?.Dispose();
        waiting.Registration.Unregister();
        waiting.Answer.TrySetResult(Answer(waiting.Request, waiting.Demand, waiting.Seats, verdict, now));
    }

    private NanoUsd SpentBy(Subject subject)
    {
        lock (_gate)
            return _book.Find(subject, null) is { } account ? account.Spent : NanoUsd.Zero;
    }
}
