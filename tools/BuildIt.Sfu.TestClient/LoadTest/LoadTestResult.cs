using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient.LoadTest;

/// <summary>What a load test came to.</summary>
public sealed record LoadTestResult
{
    public required LoadTestOptions Options { get; init; }

    /// <summary>Of those that subscribe, in order of joining.</summary>
    public required IReadOnlyList<SubscriberResult> Subscribers { get; init; }

    /// <summary>Of all participants.</summary>
    public required IReadOnlyList<ParticipantStatistics> Participants { get; init; }

    public required TimeSpan Measured { get; init; }

    /// <summary>Processor time of this process while measuring.</summary>
    public required TimeSpan ProcessorTime { get; init; }

    /// <summary>Datagrams while measuring, all participants together.</summary>
    public required long DatagramsReceived { get; init; }

    public required long DatagramsSent { get; init; }

    /// <summary>Joins that failed and sessions that ended early, in words.</summary>
    public required IReadOnlyList<string> Errors { get; init; }
}

/// <summary>One subscriber.</summary>
/// <param name="Statistics">What it received.</param>
/// <param name="Expected">Tracks it should receive.</param>
public sealed record SubscriberResult(ParticipantStatistics Statistics, int Expected);
