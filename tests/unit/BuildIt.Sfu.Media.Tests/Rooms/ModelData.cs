using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sctp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>The data channels of a <see cref="ModelClient"/>, as a client opens and uses them.</summary>
internal sealed class ModelData : IDataChannelEvents
{
    private static readonly string[] Labels = ["_reliable", "_lossy", "_data_track"];

    private readonly PeerTransport _transport;
    private readonly DataChannelSet _channels;

    public ModelData(PeerTransport transport, int seed)
    {
        _transport = transport;
        _channels = new DataChannelSet(SctpOptions.Default, new SeededSource(seed), isDtlsClient: true, this);
    }

    /// <summary>Told of each message that arrives.</summary>
    public Action<DataChannelKind, byte[]> Received { get; set; } = static (_, _) => { };

    /// <summary>A client that reads nothing of its channels any more.</summary>
    public bool IsDeaf { get; set; }

    public bool IsOpen => _channels.Find(Labels[0]) is { State: DataChannelState.Open } && _channels.Find(Labels[1]) is { State: DataChannelState.Open };

    public void Connect(Instant now)
    {
        _channels.Connect(now);
        Flush(now);
    }

    /// <summary>False when the client's own buffer is full.</summary>
    public bool Send(DataChannelKind kind, ReadOnlySpan<byte> message, Instant now)
    {
        var queued = _channels.Send(_channels.Find(Labels[(int)kind])!, message, isBinary: true, now) == SctpSendResult.Queued;
        Flush(now);
        return queued;
    }

    public void Handle(ReadOnlySpan<byte> packet, Instant now)
    {
        if (!IsDeaf)
        {
            _channels.Handle(packet, now);
            Flush(now);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (now >= _channels.NextDeadline && !IsDeaf)
        {
            _channels.HandleTimeout(now);
            Flush(now);
        }
    }

    void IDataChannelEvents.OnConnected(Instant now)
    {
        _channels.Open(Labels[0], DataChannelSettings.Reliable);
        _channels.Open(Labels[1], DataChannelSettings.Lossy);
        _channels.Open(Labels[2], DataChannelSettings.Lossy);
    }

    void IDataChannelEvents.OnOpen(DataChannel channel, Instant now)
    {
    }

    void IDataChannelEvents.OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now) =>
        Received((DataChannelKind)Array.IndexOf(Labels, channel.Label), message.ToArray());

    void IDataChannelEvents.OnClosed(DataChannel channel, Instant now)
    {
    }

    void IDataChannelEvents.OnDisconnected(SctpCloseReason reason, Instant now) => Assert.Fail($"the data channels are lost: {reason}");

    private void Flush(Instant now)
    {
        Span<byte> packet = stackalloc byte[1500];
        while (_channels.TryGetOutgoing(packet, now, out var length))
        {
            _transport.SendApplicationData(packet[..length]);
        }
    }
}
