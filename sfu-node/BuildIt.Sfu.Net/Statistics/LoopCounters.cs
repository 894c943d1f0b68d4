namespace BuildIt.Sfu.Net.Statistics;

/// <summary>What one loop has done since it started. Plain sums; rates are the reader's business.</summary>
public readonly record struct LoopStatistics
{
    public long PacketsReceived { get; init; }

    public long BytesReceived { get; init; }

    public long PacketsSent { get; init; }

    public long BytesSent { get; init; }

    /// <summary>Datagrams from and to other loops of this process, which are in none of the sums above.</summary>
    public long InnerPackets { get; init; }

    /// <summary>Bytes in those.</summary>
    public long InnerBytes { get; init; }

    /// <summary>Datagrams from nobody we know: not a STUN request for one of our fragments, not a bound address.</summary>
    public long Unroutable { get; init; }

    /// <summary>Datagrams passed to the loop that owns their sender.</summary>
    public long HandedOver { get; init; }

    /// <summary>Datagrams lost because the owning loop's queue was full.</summary>
    public long HandOverDropped { get; init; }

    /// <summary>Datagrams lost because the socket took no more, or a TCP connection's queue was full.</summary>
    public long SendQueueDropped { get; init; }

    /// <summary>Datagrams the kernel refused for good (no route, forbidden, too large).</summary>
    public long SendErrors { get; init; }

    public long SendCalls { get; init; }

    public long ReceiveCalls { get; init; }

    /// <summary>Messages that carried several datagrams to one destination (UDP_SEGMENT).</summary>
    public long SegmentedRuns { get; init; }

    /// <summary>Datagrams inside those messages.</summary>
    public long SegmentedPackets { get; init; }

    public long Iterations { get; init; }

    /// <summary>
    /// Processor time of the loop's thread, a tenth of a second old at most while it works. A loop that waits for a core uses none: what
    /// it has to do is not done sooner on another.
    /// </summary>
    public TimeSpan Worked { get; init; }

    /// <summary>Bytes the loop's thread has allocated on the managed heap. Forwarding adds none; joins and reports do.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Exceptions that left a handler; always a bug of ours.</summary>
    public long HandlerFaults { get; init; }

    public long TcpAccepted { get; init; }

    public long TcpRejected { get; init; }
}

/// <summary>Written by one loop without locks; other threads read a snapshot whose fields may be of slightly different moments.</summary>
internal sealed class LoopCounters
{
    public long PacketsReceived;
    public long BytesReceived;
    public long PacketsSent;
    public long BytesSent;
    public long InnerPackets;
    public long InnerBytes;
    public long Unroutable;
    public long HandedOver;
    public long HandOverDropped;
    public long SendQueueDropped;
    public long SendErrors;
    public long SendCalls;
    public long ReceiveCalls;
    public long SegmentedRuns;
    public long SegmentedPackets;
    public long Iterations;
    public long WorkedMicroseconds;
    public long AllocatedBytes;
    public long HandlerFaults;
    public long TcpAccepted;
    public long TcpRejected;

    /// <summary>Everything that was received and sent, whoever it came from and went to.</summary>
    public long Packets => PacketsReceived + PacketsSent + InnerPackets;

    public void CountReceived(int bytes, bool isInner)
    {
        if (isInner)
        {
            CountInner(1, bytes);
        }
        else
        {
            PacketsReceived++;
            BytesReceived += bytes;
        }
    }

    public void CountSent(int datagrams, int bytes, bool isInner)
    {
        if (isInner)
        {
            CountInner(datagrams, bytes);
        }
        else
        {
            PacketsSent += datagrams;
            BytesSent += bytes;
        }
    }

    public LoopStatistics Snapshot() => new()
    {
        PacketsReceived = Volatile.Read(ref PacketsReceived),
        BytesReceived = Volatile.Read(ref BytesReceived),
        PacketsSent = Volatile.Read(ref PacketsSent),
        BytesSent = Volatile.Read(ref BytesSent),
        InnerPackets = Volatile.Read(ref InnerPackets),
        InnerBytes = Volatile.Read(ref InnerBytes),
        Unroutable = Volatile.Read(ref Unroutable),
        HandedOver = Volatile.Read(ref HandedOver),
        HandOverDropped = Volatile.Read(ref HandOverDropped),
        SendQueueDropped = Volatile.Read(ref SendQueueDropped),
        SendErrors = Volatile.Read(ref SendErrors),
        SendCalls = Volatile.Read(ref SendCalls),
        ReceiveCalls = Volatile.Read(ref ReceiveCalls),
        SegmentedRuns = Volatile.Read(ref SegmentedRuns),
        SegmentedPackets = Volatile.Read(ref SegmentedPackets),
        Iterations = Volatile.Read(ref Iterations),
        Worked = TimeSpan.FromMicroseconds(Volatile.Read(ref WorkedMicroseconds)),
        AllocatedBytes = Volatile.Read(ref AllocatedBytes),
        HandlerFaults = Volatile.Read(ref HandlerFaults),
        TcpAccepted = Volatile.Read(ref TcpAccepted),
        TcpRejected = Volatile.Read(ref TcpRejected),
    };

    private void CountInner(int datagrams, int bytes)
    {
        InnerPackets += datagrams;
        InnerBytes += bytes;
    }
}
