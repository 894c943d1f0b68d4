using System.Globalization;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>What the nodes at one end of a link say of the way to the other end.</summary>
public readonly record struct LinkReading()
{
    /// <summary>Links between nodes of the two fleets that are up.</summary>
    public int Up { get; init; }

    /// <summary>Links that were up and are silent, although both nodes live.</summary>
    public int Broken { get; init; }

    /// <summary>Links that one of the nodes refuses.</summary>
    public int Refused { get; init; }

    /// <summary>Round trip in milliseconds; null until it was measured.</summary>
    public double? RoundTrip { get; init; }

    public double? Jitter { get; init; }

    /// <summary>0 to 1; null until it was measured.</summary>
    public double? Loss { get; init; }

    /// <summary>What the way is estimated to carry, in bits per second; null when that is not known.</summary>
    public long? Bandwidth { get; init; }

    /// <summary>Rooms on these links.</summary>
    public int Rooms { get; init; }

    /// <summary>What each node has sent to each peer over links that are there.</summary>
    public IReadOnlyList<SentOver> Sent { get; init; } = [];
}

/// <summary>What one node has sent to another. It falls when a room ends, whose link is not counted any more.</summary>
/// <param name="Node">Who sent it.</param>
/// <param name="Peer">To whom.</param>
/// <param name="Bytes">How much.</param>
public readonly record struct SentOver(string Node, string Peer, long Bytes);

/// <summary>When a link counts as healthy.</summary>
/// <param name="Failing">How long it must be beyond its limits before it does not.</param>
/// <param name="MaxRoundTrip">Longest round trip in milliseconds.</param>
/// <param name="MaxLoss">Largest share of lost packets, 0 to 1.</param>
public readonly record struct LinkLimits(TimeSpan Failing, double MaxRoundTrip, double MaxLoss);

/// <summary>What is believed about a link, and since when something has been otherwise.</summary>
public sealed record LinkVerdict
{
    public static readonly LinkVerdict Unknown = new() { Reason = LinkReason.NotMeasured, Message = "no node has measured it yet" };

    /// <summary>Nodes of both fleets are connected.</summary>
    public bool IsEstablished { get; init; }

    /// <summary>Null while nothing was measured.</summary>
    public bool? IsHealthy { get; init; }

    public required LinkReason Reason { get; init; }

    public required string Message { get; init; }

    /// <summary>Since when measurements have said the opposite of <see cref="IsHealthy"/>; null while they agree.</summary>
    public DateTimeOffset? OtherwiseSince { get; init; }

    /// <summary>When something was last measured.</summary>
    public DateTimeOffset? MeasuredAt { get; init; }

    /// <summary>When to judge again although nothing new was heard; null when time changes nothing.</summary>
    public DateTimeOffset? NextDeadline { get; init; }
}

/// <summary>Why a link is as it is.</summary>
public enum LinkReason
{
    WithinLimits,
    NotMeasured,
    Broken,
    Refused,
    TooSlow,
    TooLossy,
}

/// <summary>Judges links. What is broken is so at once; what is only bad must be so for a while, and what is good again too.</summary>
public static class LinkHealth
{
    /// <summary>How long a link must have been well before it counts as healthy again.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    /// <summary>How long a verdict stands when nobody measures: the nodes that did may be gone, and others are being asked to.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    public static LinkVerdict Judge(LinkVerdict before, in LinkReading aToB, in LinkReading bToA, LinkLimits limits, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (aToB.Up + bToA.Up == 0)
        {
            return Down(before, aToB, bToA, now);
        }

        var roundTrip = Math.Max(aToB.RoundTrip ?? 0, bToA.RoundTrip ?? 0);
        var loss = Math.Max(aToB.Loss ?? 0, bToA.Loss ?? 0);
        var (reason, message) = (roundTrip > limits.MaxRoundTrip, loss > limits.MaxLoss) switch
        {
            (true, _) => (LinkReason.TooSlow, Text($"the round trip takes {roundTrip:0} ms, and at most {limits.MaxRoundTrip:0} ms are healthy")),
            (_, true) => (LinkReason.TooLossy, Text($"{loss * 100:0.#} % of the packets are lost, and at most {limits.MaxLoss * 100:0.#} % are healthy")),
            _ => (LinkReason.WithinLimits, Text($"the round trip takes {roundTrip:0} ms, and {loss * 100:0.#} % of the packets are lost")),
        };
        var isGood = reason is LinkReason.WithinLimits;
        var verdict = new LinkVerdict { IsEstablished = true, IsHealthy = isGood, Reason = reason, Message = message, MeasuredAt = now };
        if (before.IsHealthy is null || before.IsHealthy == isGood)
        {
            return verdict;
        }

        var since = before.OtherwiseSince ?? now;
        var due = since + (isGood ? Recovery : limits.Failing);
        return due <= now
            ? verdict
            : verdict with { IsHealthy = before.IsHealthy, Reason = before.Reason, Message = before.Message, OtherwiseSince = since, NextDeadline = due };
    }

    private static LinkVerdict Down(LinkVerdict before, in LinkReading aToB, in LinkReading bToA, DateTimeOffset now)
    {
        if (aToB.Broken + bToA.Broken > 0)
        {
            return new LinkVerdict { IsHealthy = false, Reason = LinkReason.Broken, Message = "nodes of both fleets live and do not hear each other over it", MeasuredAt = now };
        }

        // A node that is new may not know all yet that the others do.
        var end = before.MeasuredAt + Memory;
        if (aToB.Refused + bToA.Refused > 0 && !(before.IsHealthy == true && end > now))
        {
            return new LinkVerdict { IsHealthy = false, Reason = LinkReason.Refused, Message = "a node refuses the certificate that the other shows", MeasuredAt = now };
        }

        return end > now ? before with { OtherwiseSince = null, NextDeadline = end } : LinkVerdict.Unknown;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
