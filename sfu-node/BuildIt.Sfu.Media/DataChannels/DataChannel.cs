using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.DataChannels;

public enum DataChannelState : byte
{
    /// <summary>Asked for; messages already wait in order behind the request.</summary>
    Connecting,
    Open,

    /// <summary>The stream is being reset; nothing is sent or delivered any more.</summary>
    Closing,
    Closed,
}

/// <summary>How a channel delivers (RFC 8832 section 5.1).</summary>
public sealed record DataChannelSettings
{
    public static readonly DataChannelSettings Reliable = new();

    /// <summary>Unordered and never retransmitted.</summary>
    public static readonly DataChannelSettings Lossy = new() { Ordered = false, MaxRetransmits = 0, MaxBuffered = 128 * 1024 };

    public bool Ordered { get; init; } = true;

    /// <summary>Retransmissions before a message is given up; null for no limit.</summary>
    public int? MaxRetransmits { get; init; }

    /// <summary>Time before a message is given up; null for no limit. Not together with <see cref="MaxRetransmits"/>.</summary>
    public TimeSpan? MaxLifetime { get; init; }

    public string Protocol { get; init; } = "";

    /// <summary>Bytes that may wait before messages are refused. Local, not negotiated.</summary>
    public int MaxBuffered { get; init; } = 1024 * 1024;

    public bool IsPartiallyReliable => MaxRetransmits is not null || MaxLifetime is not null;
}

/// <summary>One data channel (RFC 8831). Made by <see cref="DataChannelSet"/>.</summary>
public sealed class DataChannel
{
    internal DataChannel(ushort stream, string label, DataChannelSettings settings, DataChannelState state)
    {
        Stream = stream;
        Label = label;
        Settings = settings;
        State = state;
    }

    /// <summary>SCTP stream in both directions.</summary>
    public ushort Stream { get; }

    public string Label { get; }

    public DataChannelSettings Settings { get; }

    public DataChannelState State { get; internal set; }

    /// <summary>Our own OPEN has not been acknowledged: unordered messages still go in order behind it (RFC 8832 section 6).</summary>
    internal bool AwaitsAck { get; set; }

    internal bool IncomingReset { get; set; }

    internal bool OutgoingReset { get; set; }

    public override string ToString() => $"channel {Stream} ({State})";
}

/// <summary>What happens on the channels of one connection. Raised from inside <see cref="DataChannelSet"/>'s methods.</summary>
public interface IDataChannelEvents
{
    /// <summary>The association is up; channels can be opened and used.</summary>
    void OnConnected(Instant now);

    /// <summary>The peer opened a channel, or acknowledged one of ours.</summary>
    void OnOpen(DataChannel channel, Instant now);

    /// <summary>A message; text is UTF-8 that has not been checked. The span is valid during the call only.</summary>
    void OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now);

    /// <summary>A channel is closed, by either side.</summary>
    void OnClosed(DataChannel channel, Instant now);

    /// <summary>The association is over, and every channel with it.</summary>
    void OnDisconnected(Sctp.SctpCloseReason reason, Instant now);
}
