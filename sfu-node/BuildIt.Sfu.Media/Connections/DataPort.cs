using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.Connections;

/// <summary>What data channels tell whomever they belong to, on the room's loop.</summary>
internal interface IDataPortOwner
{
    /// <summary>Who sent something that came here, when that was a client of this node.</summary>
    IDataSender? FindSender(ParticipantSid sender);

    /// <summary>A channel can be used now.</summary>
    void OnDataChannelOpen(Instant now);

    /// <summary>A message from the other side. The span is valid during the call only.</summary>
    void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now);

    /// <summary>A reliable message was lost, because the other side does not take them as fast as they come.</summary>
    void OnSlowReader(Instant now);
}

/// <summary>A client that sends messages which others may be too slow for. Used on the room's loop.</summary>
internal interface IDataSender
{
    /// <summary>Takes no reliable messages of the client until <paramref name="receiver"/> says that it has room for them.</summary>
    void HoldData(DataPort receiver, Instant now);

    /// <summary>The receiver has room again. Messages are taken from the loop, not from inside the receiver's own work.</summary>
    void ReleaseData(DataPort receiver, Instant now);

    /// <summary>The client went beyond a limit.</summary>
    void OnLimited(ClientLimit limit, Instant now);
}

/// <summary>
/// The data channels of one peer connection, carried over its DTLS: what goes to the client waits its turn and keeps to what data may
/// use of the link; what comes from it is held back while others cannot take it. Used on one loop.
/// </summary>
internal sealed class DataPort : IDataChannelEvents, IDataOutboxEvents<ParticipantSid>
{
    private static readonly string[] Labels = ["_reliable", "_lossy", "_data_track"];

    /// <summary>What DTLS, UDP and IP add to a packet.</summary>
    private const int PacketOverhead = 65;

    /// <summary>What is handed to SCTP ahead of time: what the rate carries meanwhile, within bounds. The rest still takes turns.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(50);
    private const int LeastAhead = 3 * 1024;
    private const int MostAhead = 64 * 1024;

    private readonly PeerConnection _connection;
    private readonly IDataPortOwner _owner;
    private readonly DataBudget _budget;
    private readonly DataChannelSet _channels;
    private readonly DataOutbox<ParticipantSid> _outbox;
    private readonly HashSet<DataPort> _fullReceivers = [];
    private readonly bool _opens;
    private Instant _heldUntil = Instant.Zero;
    private bool _held;
    private bool _isPaced;

    /// <param name="owner">Whose channels these are.</param>
    /// <param name="connection">What carries them.</param>
    /// <param name="budget">What messages to the client may use.</param>
    /// <param name="random">For tags and cookies of the association.</param>
    /// <param name="isDtlsClient">Whether the node opened the handshake; decides the numbering of streams.</param>
    /// <param name="opens">True where the node opens the channels: on the subscriber connection of dual mode.</param>
    /// <param name="holdAbove">Reliable bytes of one sender from which it is asked to stop.</param>
    public DataPort(
        IDataPortOwner owner, PeerConnection connection, DataBudget budget, IRandomSource random, bool isDtlsClient, bool opens, int holdAbove = DataOutbox<ParticipantSid>.HoldAbove)
    {
        _owner = owner;
        _connection = connection;
        _budget = budget;
        _opens = opens;
        _outbox = new DataOutbox<ParticipantSid>(this, holdAbove);
        _channels = new DataChannelSet(SctpOptions.Default, random, isDtlsClient, this);
    }

    public Instant NextDeadline
    {
        get
        {
            var next = Instant.Min(_channels.NextDeadline, _outbox.NextDeadline);
            next = Instant.Min(next, _isPaced ? _budget.NextSend : Instant.Never);
            return Instant.Min(next, _held && _fullReceivers.Count == 0 ? _heldUntil : Instant.Never);
        }
    }

    /// <summary>Bytes of messages held in both directions, with a charge for each message.</summary>
    public long Waiting => _outbox.ReliableBytes + _channels.SendBuffered + _channels.ReceiveBuffered;

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
        if (now < NextDeadline)
        {
            return;
        }

        if (now >= _channels.NextDeadline)
        {
            _channels.HandleTimeout(now);
        }

        _outbox.HandleTimeout(now);
        if (_held && _fullReceivers.Count == 0 && now >= _heldUntil)
        {
            SetHeld(false, now);
        }

        Pump(now);
    }

    /// <summary>False when the channel is not open, or the message is lost because the client is too slow.</summary>
    public bool Send(DataChannelKind kind, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        if (_channels.Find(Labels[(int)kind]) is null || message.Length > _channels.PeerMaxMessageSize)
        {
            return false;
        }

        var queued = true;
        if (kind == DataChannelKind.Reliable)
        {
            queued = _outbox.AddReliable(from, message, now);
        }
        else
        {
            _outbox.AddLossy(from, (int)kind, message.Span, now);
        }

        Pump(now);
        return queued;
    }

    /// <summary>Takes no reliable messages of the client before <paramref name="until"/>.</summary>
    public void Hold(Instant until, Instant now)
    {
        _heldUntil = Instant.Max(_heldUntil, until);
        SetHeld(true, now);
    }

    /// <summary>Takes no reliable messages of the client until a receiver of them has room.</summary>
    public void Hold(DataPort receiver, Instant now)
    {
        _fullReceivers.Add(receiver);
        SetHeld(true, now);
    }

    /// <summary>A receiver has room again. Takes effect with the next <see cref="HandleTimeout"/>.</summary>
    public void Release(DataPort receiver) => _fullReceivers.Remove(receiver);

    /// <summary>Nothing goes to the client any more.</summary>
    public void Close(Instant now) => _outbox.Clear(now);

    void IDataChannelEvents.OnConnected(Instant now)
    {
        if (_opens)
        {
            _channels.Open(Labels[0], DataChannelSettings.Reliable);
            _channels.Open(Labels[1], DataChannelSettings.Lossy);
            _channels.Open(Labels[2], DataChannelSettings.Lossy);
        }
    }

    void IDataChannelEvents.OnOpen(DataChannel channel, Instant now) => _owner.OnDataChannelOpen(now);

    void IDataChannelEvents.OnMessage(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
    {
        var kind = Array.IndexOf(Labels, channel.Label);
        if (kind >= 0)
        {
            _owner.OnData((DataChannelKind)kind, message, now);
        }
    }

    void IDataChannelEvents.OnClosed(DataChannel channel, Instant now)
    {
    }

    void IDataChannelEvents.OnDisconnected(SctpCloseReason reason, Instant now) => _outbox.Clear(now);

    void IDataOutboxEvents<ParticipantSid>.OnHold(ParticipantSid sender, Instant now)
    {
        if (_owner.FindSender(sender) is { } other)
        {
            other.HoldData(this, now);
            other.OnLimited(ClientLimit.DataHeld, now);
        }
    }

    void IDataOutboxEvents<ParticipantSid>.OnRelease(ParticipantSid sender, Instant now) => _owner.FindSender(sender)?.ReleaseData(this, now);

    void IDataOutboxEvents<ParticipantSid>.OnLossyDropped(ParticipantSid sender, int count, Instant now)
    {
        if (_owner.FindSender(sender) is { } other)
        {
            for (var i = 0; i < count; i++)
            {
                other.OnLimited(ClientLimit.Data, now);
            }
        }
    }

    void IDataOutboxEvents<ParticipantSid>.OnReliableDropped(ParticipantSid sender, bool isReceiverSlow, Instant now)
    {
        if (isReceiverSlow)
        {
            _owner.OnSlowReader(now);
        }
        else
        {
            _owner.FindSender(sender)?.OnLimited(ClientLimit.Data, now);
        }
    }

    private bool IsOpen(DataChannelKind kind) => _channels.Find(Labels[(int)kind]) is { State: DataChannelState.Open };

    private void SetHeld(bool held, Instant now)
    {
        if (_held != held && _channels.Find(Labels[(int)DataChannelKind.Reliable]) is { } channel)
        {
            _held = held;
            _channels.Hold(channel, held, now);
        }
    }

    private void Pump(Instant now)
    {
        Span<byte> packet = stackalloc byte[1500];
        while (true)
        {
            Feed(now);
            var mayData = !_channels.HasDataToSend || _budget.MaySend(now);
            if (!_channels.TryGetOutgoing(packet, mayData, now, out var length, out var hasData))
            {
                _isPaced = !mayData;
                return;
            }

            if (hasData)
            {
                _budget.OnSent(length + PacketOverhead, now);
            }

            _connection.Transport.SendApplicationData(packet[..length]);
        }
    }

    private void Feed(Instant now)
    {
        var ahead = Math.Clamp(_budget.Rate.Over(Ahead).Bytes, LeastAhead, MostAhead);
        while (_channels.Unsent < ahead && _outbox.TryPeek(now, out var kind, out var message))
        {
            if (_channels.Find(Labels[kind]) is { } channel && _channels.Send(channel, message.Span, isBinary: true, now) == SctpSendResult.BufferFull)
            {
                return;
            }

            _outbox.Remove(now);
        }
    }
}
