using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.TestClient.Statistics;

/// <summary>What one received track came to so far. A snapshot; nothing in it changes later.</summary>
public sealed record TrackStatistics
{
    public required string TrackSid { get; init; }

    public required string PublisherSid { get; init; }

    public required MediaKind Kind { get; init; }

    /// <summary>Distinct media packets, repaired ones included.</summary>
    public long Packets { get; init; }

    /// <summary>Bytes of those packets, header included, without encryption's tag.</summary>
    public long Bytes { get; init; }

    /// <summary>Packets that never came, not even by retransmission.</summary>
    public long Lost { get; init; }

    /// <summary>Packets that came by retransmission.</summary>
    public long Repaired { get; init; }

    public long Duplicates { get; init; }

    /// <summary>Retransmissions asked for.</summary>
    public long Nacks { get; init; }

    /// <summary>Key frames asked for.</summary>
    public long KeyFrameRequests { get; init; }

    /// <summary>Whole frames in order, from the first key frame on.</summary>
    public long Frames { get; init; }

    public long KeyFrames { get; init; }

    /// <summary>Frames of a length and end that no built-in clip has: somebody else's, or damaged.</summary>
    public long ForeignFrames { get; init; }

    /// <summary>Breaches of order or completeness that loss does not explain.</summary>
    public long Faults { get; init; }

    /// <summary>The first fault in words; empty without one.</summary>
    public string FirstFault { get; init; } = "";

    /// <summary>Gaps of more than a second between two frames of a track that was not muted, paused or hidden.</summary>
    public int Freezes { get; init; }

    public TimeSpan LongestGap { get; init; }

    /// <summary>From knowing of the track (joining, or its publication) to its first whole frame; null before.</summary>
    public TimeSpan? TimeToFirstFrame { get; init; }

    /// <summary>Size of the last key frame; 0 for audio and before the first.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>Times the picture's size changed.</summary>
    public int LayerSwitches { get; init; }

    /// <summary>Since the first packet.</summary>
    public TimeSpan Duration { get; init; }

    public double BitsPerSecond => Duration > TimeSpan.Zero ? Bytes * 8 / Duration.TotalSeconds : 0;

    public double LossShare => Packets + Lost > 0 ? Math.Max(0, Lost) / (double)(Packets + Lost) : 0;
}

/// <summary>What a participant has sent and received so far. A snapshot.</summary>
public sealed record ParticipantStatistics
{
    public required string Identity { get; init; }

    public IReadOnlyList<TrackStatistics> Received { get; init; } = [];

    /// <summary>From sending to arriving, of the packets that say when they were made (one a frame).</summary>
    public required LatencyHistogram Latency { get; init; }

    public long PacketsSent { get; init; }

    public long BytesSent { get; init; }

    /// <summary>Retransmissions sent.</summary>
    public long PacketsResent { get; init; }

    /// <summary>Key frames that were asked for and sent.</summary>
    public long KeyFrameRequestsReceived { get; init; }

    /// <summary>From the call of join to connected transports.</summary>
    public TimeSpan JoinTime { get; init; }

    public long MessagesReceived { get; init; }

    /// <summary>Why the session ended; empty while it lasts.</summary>
    public string EndReason { get; init; } = "";
}
