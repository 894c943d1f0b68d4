using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Sctp;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms.Connections;

/// <summary>The data channels of one peer connection, carried over its DTLS. Used on one loop.</summary>
internal sealed class DataPort : IDataChannelEvents
{
    private static readonly string[] Labels = ["_reliable", "_lossy", "_data_track"];

    private readonly PeerConnection _connection;
    private readonly MediaPeer _peer;
    private readonly DataChannelSet _channels;
    private readonly bool _opens;

    /// <param name="peer">Whose channels these are.</param>
    /// <param name="connection">What carries them.</param>
    /// <param name="isDtlsClient">Whether the node opened the handshake; decides the numbering of streams.</param>
    /// <param name="opens">True where the node opens the channels: on the subscriber connection of dual mode.</param>
    public DataPort(MediaPeer peer, PeerConnection connection, bool isDtlsClient, bool opens)
    {
        _peer = peer;
        _connection = connection;
        _opens = opens;
        _channels = new DataChannelSet(SctpOptions.Default, peer.Room.Host.Random, isDtlsClient, this);
    }

    public Instant NextDeadline => _channels.NextDeadline;

    /// <summary>Both message channels can be used.</summary>
    public bool IsReady => IsOpen(DataChannelKind.Reliable) && IsOpen(DataChannelKind.Lossy);

    /// <summary>Largest message the client takes, in bytes.</summary>
    public long PeerMaxMessageSize
    {
        set => _channels.PeerMaxMessageSize = value;
    }

    /// <summary>DTLS is up.</summary>
    public void Connect(Instant now)
    {
        _channels.Connect(now);
        Pump(now);
    }

    public void Handle(ReadOnlySpan<byte> packet, Instant now)
    {
        _channels.Handle(packet, now);
        Pump(now);
    }

    public void HandleTimeout(Instant now)
    {
        if (now >= _channels.NextDeadline)
        {
            _channels.HandleTimeout(now);
            Pump(now);
        }
    }

    /// <summary>False when the channel is not open or holds as much as it may.</summary>
    public bool Send(DataChannelKind kind, ReadOnlySpan<byte> message, Instant now)
    {
        if (_channels.Find(Labels[(int)kind]) is not { } channel || _channels.Send(channel, message, isBinary: true, now) != SctpSendResult.Queued)
        {
            return false;
        }

        Pump(now);
        return true;
    }

    void IDataChannelEvents.OnConnected(Instant now)
    {
        if (_opens)
        {
            _channels.Open(Labels[0], DataChannelSettings.Reliable);
            _channels.Open(Labels[1], DataChannelSettings.Lossy);
            _channels.Open(Labels[2], DataChannelSettings.Lossy);
        }
    }

    void IDataChannelEvents.OnOpen(DataChannel channel, Instant now) => _peer.OnDataChannelOpen(now);

    void IDataChannelEvents.OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
    {
        var kind = Array.IndexOf(Labels, channel.Label);
        if (kind >= 0)
        {
            _peer.Events.OnData((DataChannelKind)kind, message, now);
        }
    }

    void IDataChannelEvents.OnClosed(DataChannel channel, Instant now)
    {
    }

    void IDataChannelEvents.OnDisconnected(SctpCloseReason reason, Instant now)
    {
    }

    private bool IsOpen(DataChannelKind kind) => _channels.Find(Labels[(int)kind]) is { State: DataChannelState.Open };

    private void Pump(Instant now)
    {
        Span<byte> packet = stackalloc byte[1500];
        while (_channels.TryGetOutgoing(packet, now, out var length))
        {
            _connection.Transport.SendApplicationData(packet[..length]);
        }
    }
}
