using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Reconciliation;

namespace BuildIt.Operator.Links;

/// <summary>What is written of a link. Pure.</summary>
internal static class LinkStatusBuilder
{
    /// <summary>A link that joins nothing, and why.</summary>
    public static RegionLinkStatus Apart(RegionLink link, string reason, string message, DateTimeOffset now)
    {
        var generation = link.Metadata.Generation ?? 0;
        var conditions = Conditions.Set(link.Status?.Conditions ?? [], RegionLinkConditions.Established, false, reason, message, generation, now);
        conditions = Conditions.Set(conditions, RegionLinkConditions.Healthy, false, reason, message, generation, now);
        return new RegionLinkStatus { ObservedGeneration = generation, Conditions = conditions };
    }

    /// <summary>A link between two fleets.</summary>
    public static RegionLinkStatus Build(
        RegionLink link, LinkVerdict verdict, LinkReading aToB, LinkReading bToA, long? sentAToB, long? sentBToA, string between, DateTimeOffset now)
    {
        var generation = link.Metadata.Generation ?? 0;
        var reason = verdict.Reason.ToString();
        var conditions = Conditions.Set(
            link.Status?.Conditions ?? [],
            RegionLinkConditions.Established,
            verdict.IsEstablished ? true : verdict.Reason is LinkReason.NotMeasured ? null : false,
            verdict.IsEstablished ? "Connected" : reason,
            verdict.IsEstablished ? between : verdict.Message,
            generation,
            now);
        conditions = Conditions.Set(conditions, RegionLinkConditions.Healthy, verdict.IsHealthy, reason, verdict.Message, generation, now);
        return new RegionLinkStatus
        {
            ObservedGeneration = generation,
            AToB = Direction(aToB, sentAToB, now),
            BToA = Direction(bToA, sentBToA, now),
            Conditions = conditions,
        };
    }

    /// <summary>
    /// True when the status should be written: something has changed that people would want to know. That it was measured again is no
    /// such thing, but for a sign of life now and then.
    /// </summary>
    /// <param name="written">What is there.</param>
    /// <param name="status">What would be.</param>
    /// <param name="writtenAt">When it was written last.</param>
    /// <param name="now">The time.</param>
    public static bool IsDue(RegionLinkStatus? written, RegionLinkStatus status, DateTimeOffset writtenAt, DateTimeOffset now)
    {
        if (written is null || Text(OfConditions(written)) != Text(OfConditions(status)))
        {
            return true;
        }

        var same = Text(WithoutProbe(written)) == Text(WithoutProbe(status));
        return now - writtenAt >= (same ? LinkPolicy.SignOfLife : LinkPolicy.ReportInterval) && Text(written) != Text(status);
    }

    private static LinkDirectionStatus Direction(LinkReading reading, long? sent, DateTimeOffset now) => new()
    {
        Rtt = reading.RoundTrip is { } roundTrip ? KubeDuration.From(TimeSpan.FromMilliseconds(Rounded(roundTrip))) : (KubeDuration?)null,
        Jitter = reading.Jitter is { } jitter ? KubeDuration.From(TimeSpan.FromMilliseconds(Rounded(jitter))) : (KubeDuration?)null,
        Loss = reading.Loss is { } loss ? Math.Round(loss, 3) : null,
        Bandwidth = sent is { } bits ? Bandwidth.FromBitsPerSecond((long)Rounded(bits)) : (Bandwidth?)null,
        Capacity = reading.Bandwidth is { } estimate ? Bandwidth.FromBitsPerSecond((long)Rounded(estimate)) : (Bandwidth?)null,
        Relays = reading.Rooms,
        LastProbe = reading.Up > 0 ? new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc) : null,
    };

    // Two digits: what differs by less is the same to people.
    private static double Rounded(double value)
    {
        if (value < 1)
        {
            return Math.Ceiling(value);
        }

        var step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(value)) - 1));
        return Math.Round(value / step) * step;
    }

    private static RegionLinkStatus OfConditions(RegionLinkStatus status) => new()
    {
        ObservedGeneration = status.ObservedGeneration,
        Conditions = [.. status.Conditions.Select(condition => new k8s.Models.V1Condition { Type = condition.Type, Status = condition.Status, Reason = condition.Reason })],
    };

    private static RegionLinkStatus WithoutProbe(RegionLinkStatus status) => status with
    {
        AToB = status.AToB is { } there ? there with { LastProbe = null } : null,
        BToA = status.BToA is { } back ? back with { LastProbe = null } : null,
    };

    private static string Text(RegionLinkStatus status) => System.Text.Json.JsonSerializer.Serialize(status, ApiJson.Options);
}

/// <summary>How often a link's status is written.</summary>
internal static class LinkPolicy
{
    /// <summary>Between two writes that only bring other measurements.</summary>
    public static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(20);

    /// <summary>Between two writes that only say that it was measured again.</summary>
    public static readonly TimeSpan SignOfLife = TimeSpan.FromMinutes(5);

    /// <summary>Between two looks at what nodes report.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
}
