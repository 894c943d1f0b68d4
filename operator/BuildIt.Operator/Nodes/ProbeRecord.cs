using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Nodes;

/// <summary>What the operator's own probes of one pod have found.</summary>
/// <param name="Attempts">Probes made.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="FailingSince">Since when every probe has failed; null while the last one succeeded or none was made.</param>
/// <param name="FirstAnswerAt">When the pod answered for the first time; null while it never has.</param>
/// <param name="Heartbeat">What it last said of itself.</param>
public sealed record ProbeRecord(
    long Attempts, int Failures, DateTimeOffset? FailingSince, DateTimeOffset? FirstAnswerAt, Heartbeat? Heartbeat)
{
    /// <summary>When it said that.</summary>
    public DateTimeOffset? HeardAt { get; init; }

    public static readonly ProbeRecord None = new(0, 0, null, null, null);

    /// <summary>The record after one more probe; a null answer is a failure.</summary>
    public ProbeRecord After(Heartbeat? answer, DateTimeOffset now) => answer is null
        ? this with { Attempts = Attempts + 1, Failures = Failures + 1, FailingSince = FailingSince ?? now }
        : new ProbeRecord(
            Attempts + 1, 0, null, FirstAnswerAt ?? now, Heartbeat is { } old && !answer.IsNewerThan(old) ? old : answer)
        { HeardAt = now };
}
