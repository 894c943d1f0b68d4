using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>The data channels of a client, on whichever of its connections they were negotiated. Used on one loop.</summary>
/// <param name="host">What the node is.</param>
/// <param name="findSender">Who sent something that came here, when that was a client of this node.</param>
/// <param name="publisher">The publisher (or only) connection.</param>
/// <param name="subscriber">The subscriber connection; null in single mode.</param>
/// <param name="budget">What messages to the client may use of its link.</param>
/// <param name="events">What the client is told.</param>
/// <param name="wakeup">Wakes the client's peer.</param>
internal sealed class ClientData(
    IMediaHost host,
    Func<ParticipantSid, IDataSender?> findSender,
    PeerConnection publisher,
    PeerConnection? subscriber,
    DataBudget budget,
    IMediaPeerEvents events,
    Wakeup wakeup) : IDataPortOwner, IDataSender
{
    private DataPort? _publisher;
    private DataPort? _subscriber;

    /// <summary>Bytes of messages held in both directions.</summary>
    public long Waiting => (_publisher?.Waiting ?? 0) + (_subscriber?.Waiting ?? 0);

    /// <summary>The message channels to the client are open, when it has any.</summary>
    public bool IsReady => Main is null or { IsReady: true };

    /// <summary>A channel can be used now.</summary>
    public Action<Instant>? Opened { get; init; }

    public Instant NextDeadline => Instant.Min(_publisher?.NextDeadline ?? Instant.Never, _subscriber?.NextDeadline ?? Instant.Never);

    private DataPort? Main => subscriber is null ? _publisher : _subscriber;

    /// <summary>Sets up the channels of a connection, when its description asks for them.</summary>
    public void OnNegotiated(PeerConnection connection, NegotiatedSession session, Instant now)
    {
        if (!session.HasData)
        {
            return;
        }

        ref var port = ref connection == publisher ? ref _publisher : ref _subscriber;
        if (port is null)
        {
            port = new DataPort(this, connection, budget, host.Random, session.NodeIsDtlsClient, opens: connection == subscriber);
            if (connection.Transport.IsConnected)
            {
                port.Connect(now);
            }
        }

        port.PeerMaxMessageSize = session.RemoteMaxMessageSize;
    }

    /// <summary>DTLS of a connection is up.</summary>
    public void Connect(PeerConnection connection, Instant now) => PortOf(connection)?.Connect(now);

    /// <summary>Takes one packet of SCTP.</summary>
    public void Handle(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now) => PortOf(connection)?.Handle(packet, now);

    public bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now) =>
        Main is { } port && port.Send(channel, from, message, now);

    /// <summary>Takes no reliable messages of the client before a moment.</summary>
    public void Hold(Instant until, Instant now)
    {
        _publisher?.Hold(until, now);
        _subscriber?.Hold(until, now);
        wakeup.By(until);
    }

    public void HandleTimeout(Instant now)
    {
        _publisher?.HandleTimeout(now);
        _subscriber?.HandleTimeout(now);
    }

    /// <summary>Nothing goes to the client any more.</summary>
    public void Close(Instant now)
    {
        _publisher?.Close(now);
        _subscriber?.Close(now);
    }

    public void HoldData(DataPort receiver, Instant now)
    {
        _publisher?.Hold(receiver, now);
        _subscriber?.Hold(receiver, now);
    }

    public void ReleaseData(DataPort receiver, Instant now)
    {
        _publisher?.Release(receiver);
        _subscriber?.Release(receiver);
        wakeup.By(now);
    }

    public void OnLimited(ClientLimit limit, Instant now) => events.OnLimited(limit, now);

    public IDataSender? FindSender(ParticipantSid sender) => findSender(sender);

    public void OnDataChannelOpen(Instant now) => Opened?.Invoke(now);

    public void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now) => events.OnData(channel, message, now);

    public void OnSlowReader(Instant now) => events.OnLimited(ClientLimit.SlowReader, now);

    private DataPort? PortOf(PeerConnection connection) => connection == publisher ? _publisher : _subscriber;
}
