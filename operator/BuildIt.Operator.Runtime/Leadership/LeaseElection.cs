namespace BuildIt.Operator.Runtime.Leadership;

/// <summary>Times of leader election.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>How long a silent leader is left alone before another takes over.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a leader that cannot renew goes on believing in itself. Shorter than <see cref="LeaseDuration"/>, so that there are never two.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>So long before another may lead, what a leader has begun to write has to be over: a part of what lies between the two.</summary>
    public TimeSpan WriteMargin => (LeaseDuration - RenewDeadline) / 4;

    /// <summary>Time between two tries.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>What a Lease says. Times in it are another machine's and only tell whether it changed.</summary>
public sealed record LeaseRecord(string Holder, string RenewTime, int Transitions, string ResourceVersion);

/// <summary>What to do about the Lease.</summary>
public enum LeaseAction
{
    /// <summary>Another process leads.</summary>
    Wait,

    /// <summary>There is no Lease: make it.</summary>
    Create,

    /// <summary>The Lease is free or its holder silent: take it.</summary>
    Take,

    /// <summary>The Lease is ours: renew it.</summary>
    Renew,
}

/// <summary>
/// Decides who leads. Clocks of machines are never compared, and none that somebody may set is asked: every time is a reading of this
/// process's own monotonic clock, counted from wherever it likes. A holder is silent when its Lease has not changed for the
/// whole duration by that clock. Pure; the time is an argument. Not safe for several threads.
/// </summary>
public sealed class LeaseElection(string identity, LeaderElectionOptions options)
{
    private LeaseRecord? _seen;
    private TimeSpan _changed;
    private TimeSpan? _renewed;
    private bool _taken;

    public string Identity { get; } = identity;

    /// <summary>Whether this process leads at <paramref name="now"/>.</summary>
    public bool IsLeading(TimeSpan now) => !_taken && _renewed is { } renewed && now < renewed + options.RenewDeadline;

    /// <summary>Whether this process led and has not been able to say so again in time.</summary>
    public bool IsLost(TimeSpan now) => _renewed is not null && !IsLeading(now);

    /// <summary>How long a write that begins at <paramref name="now"/> may be under way; nothing when it may not begin.</summary>
    /// <remarks>It has to be over before another process can lead, with something to spare for clocks that do not go alike.</remarks>
    public TimeSpan WriteBudget(TimeSpan now) => IsLeading(now) ? _renewed!.Value + options.LeaseDuration - options.WriteMargin - now : TimeSpan.Zero;

    /// <summary>Takes in what the server has, and decides.</summary>
    public LeaseAction Observe(LeaseRecord? lease, TimeSpan now)
    {
        if (lease is null)
        {
            _seen = null;
            return LeaseAction.Create;
        }

        if (_seen is null || _seen.Holder != lease.Holder || _seen.RenewTime != lease.RenewTime)
        {
            _changed = now;
        }

        _seen = lease;
        if (lease.Holder == Identity)
        {
            return LeaseAction.Renew;
        }

        if (_renewed is not null)
        {
            // Somebody else took it while we believed to lead: lost at once.
            _taken = true;
            return LeaseAction.Wait;
        }

        return lease.Holder.Length == 0 || now >= _changed + options.LeaseDuration ? LeaseAction.Take : LeaseAction.Wait;
    }

    /// <summary>The write succeeded.</summary>
    /// <param name="sent">When it was sent, not when it was answered: the server may have taken it at any time between.</param>
    public void Renewed(TimeSpan sent)
    {
        if (_renewed is null || sent > _renewed)
        {
            _renewed = sent;
        }
    }
}
