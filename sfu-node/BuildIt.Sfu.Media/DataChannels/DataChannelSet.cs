using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.DataChannels;

/// <summary>
/// The data channels of one connection (RFC 8831) with their in-band opening (RFC 8832), on the SCTP association it owns.
/// Drive it as the association: <see cref="Handle"/>, <see cref="TryGetOutgoing(Span{byte}, Instant, out int)"/>, <see cref="NextDeadline"/>. Not thread-safe.
/// </summary>
public sealed class DataChannelSet : ISctpEvents
{
    // RFC 8831 section 8 and RFC 8832 section 8.1.
    private const uint PpidControl = 50;
    private const uint PpidString = 51;
    private const uint PpidBinary = 53;
    private const uint PpidStringEmpty = 56;
    private const uint PpidBinaryEmpty = 57;

    /// <summary>Clients use three; more is no use of ours.</summary>
    private const int MaxChannels = 32;

    private static readonly byte[] EmptyMessage = [0];

    private readonly Dictionary<ushort, DataChannel> _channels = [];
    private readonly SctpAssociation _association;
    private readonly IDataChannelEvents _events;
    private readonly bool _isDtlsClient;

    /// <param name="options">Limits of the association.</param>
    /// <param name="random">Source of tags and keys.</param>
    /// <param name="isDtlsClient">Decides between even (client) and odd stream ids for own channels (RFC 8832 section 6).</param>
    /// <param name="events">Told what happens.</param>
    public DataChannelSet(SctpOptions options, IRandomSource random, bool isDtlsClient, IDataChannelEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        _association = new SctpAssociation(options, random, this);
        _isDtlsClient = isDtlsClient;
        _events = events;
        PeerMaxMessageSize = options.MaxMessageSize;
    }

    public SctpState State => _association.State;

    public Instant NextDeadline => _association.NextDeadline;

    /// <summary>Largest message the peer takes, in bytes, as its session description says.</summary>
    public long PeerMaxMessageSize { get; set; }

    /// <summary>Bytes of messages held for sending, on all channels.</summary>
    public int SendBuffered => _association.SendBuffered;

    /// <summary>Bytes of messages that have not been sent once, on all channels.</summary>
    public int Unsent => _association.Unsent;

    /// <summary>Messages wait to be sent, for the first time or again.</summary>
    public bool HasDataToSend => _association.HasDataToSend;

    /// <summary>Bytes held of messages that are not complete or that are kept back.</summary>
    public int ReceiveBuffered => _association.ReceiveBuffered;

    public IReadOnlyCollection<DataChannel> Channels => _channels.Values;

    /// <summary>Opens the association as soon as DTLS is up. The other side may do the same at the same time.</summary>
    public void Connect(Instant now) => _association.Connect(now);

    public void Handle(ReadOnlySpan<byte> packet, Instant now) => _association.Handle(packet, now);

    public bool TryGetOutgoing(Span<byte> buffer, Instant now, out int written) => _association.TryGetOutgoing(buffer, now, out written);

    /// <inheritdoc cref="SctpAssociation.TryGetOutgoing(Span{byte}, bool, Instant, out int, out bool)"/>
    public bool TryGetOutgoing(Span<byte> buffer, bool mayData, Instant now, out int written, out bool hasData) =>
        _association.TryGetOutgoing(buffer, mayData, now, out written, out hasData);

    public void HandleTimeout(Instant now) => _association.HandleTimeout(now);

    /// <summary>Ends everything in order (false) or at once (true).</summary>
    public void Close(Instant now, bool abort = false)
    {
        if (abort)
        {
            _association.Abort(now);
        }
        else
        {
            _association.Shutdown(now);
        }
    }

    /// <summary>The channel with this label that is not closed; null when there is none.</summary>
    public DataChannel? Find(string label)
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.Label == label && channel.State is DataChannelState.Connecting or DataChannelState.Open)
            {
                return channel;
            }
        }

        return null;
    }

    /// <summary>Opens a channel. Null when the association is not up or there are too many.</summary>
    public DataChannel? Open(string label, DataChannelSettings settings)
    {
        ArgumentNullException.ThrowIfNull(label);
        ArgumentNullException.ThrowIfNull(settings);
        if (_association.State != SctpState.Established || _channels.Count >= MaxChannels)
        {
            return null;
        }

        var stream = (ushort)(_isDtlsClient ? 0 : 1);
        while (_channels.ContainsKey(stream))
        {
            stream += 2;
        }

        // RFC 8832 section 6: the request goes ordered and reliable, whatever the channel is.
        if (_association.Send(stream, PpidControl, OpenMessage.Write(label, settings), SctpDelivery.Reliable) != SctpSendResult.Queued)
        {
            return null;
        }

        var channel = new DataChannel(stream, label, settings, DataChannelState.Connecting) { AwaitsAck = true };
        _channels[stream] = channel;
        return channel;
    }

    /// <summary>
    /// Sends a message. <see cref="SctpSendResult.BufferFull"/> when the channel holds as much as it may: then a message for a lossy
    /// channel is simply gone, and the receiver of a reliable one is too slow.
    /// </summary>
    public SctpSendResult Send(DataChannel channel, ReadOnlySpan<byte> message, bool isBinary, Instant now)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (channel.State is not (DataChannelState.Open or DataChannelState.Connecting))
        {
            return SctpSendResult.StreamUnavailable;
        }

        if (message.Length > PeerMaxMessageSize)
        {
            return SctpSendResult.TooLarge;
        }

        if (_association.BufferedAmount(channel.Stream) + message.Length > channel.Settings.MaxBuffered)
        {
            return SctpSendResult.BufferFull;
        }

        var settings = channel.Settings;
        var delivery = new SctpDelivery
        {
            Unordered = !settings.Ordered && !channel.AwaitsAck,
            MaxRetransmits = settings.MaxRetransmits ?? int.MaxValue,
            Expires = settings.MaxLifetime is { } lifetime ? now + lifetime : Instant.Never,
        };
        var ppid = (isBinary, message.IsEmpty) switch
        {
            (true, false) => PpidBinary,
            (true, true) => PpidBinaryEmpty,
            (false, false) => PpidString,
            (false, true) => PpidStringEmpty,
        };
        return _association.Send(channel.Stream, ppid, message.IsEmpty ? EmptyMessage : message, delivery);
    }

    /// <summary>Keeps the ordered messages of a channel back, or takes them again: <see cref="SctpAssociation.Hold"/>.</summary>
    public void Hold(DataChannel channel, bool held, Instant now)
    {
        ArgumentNullException.ThrowIfNull(channel);
        _association.Hold(channel.Stream, held, now);
    }

    /// <summary>Bytes handed to <see cref="Send"/> that have not gone out once.</summary>
    public int BufferedAmount(DataChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return _association.BufferedAmount(channel.Stream);
    }

    /// <summary>Closes a channel after what waits on it is sent (RFC 8831 section 6.7).</summary>
    public void CloseChannel(DataChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (channel.State is DataChannelState.Open or DataChannelState.Connecting)
        {
            channel.State = DataChannelState.Closing;
            _association.ResetStream(channel.Stream);
        }
    }

    void ISctpEvents.OnConnected(Instant now) => _events.OnConnected(now);

    void ISctpEvents.OnClosed(SctpCloseReason reason, Instant now)
    {
        foreach (var channel in _channels.Values.ToArray())
        {
            Closed(channel, now);
        }

        _events.OnDisconnected(reason, now);
    }

    void ISctpEvents.OnMessage(ushort stream, uint ppid, ReadOnlySpan<byte> message, Instant now)
    {
        if (ppid == PpidControl)
        {
            HandleControl(stream, message, now);
            return;
        }

        if (!_channels.TryGetValue(stream, out var channel) || channel.State is DataChannelState.Closing or DataChannelState.Closed)
        {
            return;
        }

        // A peer may send once it has our OPEN, so a message says as much as its ACK, which may be late.
        Opened(channel, now);
        switch (ppid)
        {
            case PpidString or PpidBinary:
                _events.OnMessage(channel, message, ppid == PpidBinary, now);
                break;
            case PpidStringEmpty or PpidBinaryEmpty:
                _events.OnMessage(channel, [], ppid == PpidBinaryEmpty, now);
                break;
        }
    }

    void ISctpEvents.OnIncomingStreamReset(ushort stream, Instant now)
    {
        if (_channels.TryGetValue(stream, out var channel))
        {
            channel.IncomingReset = true;
            CloseChannel(channel);
            FinishClose(channel, now);
        }
    }

    void ISctpEvents.OnOutgoingStreamReset(ushort stream, Instant now)
    {
        if (_channels.TryGetValue(stream, out var channel))
        {
            channel.OutgoingReset = true;
            channel.State = DataChannelState.Closing;
            FinishClose(channel, now);
        }
    }

    private void HandleControl(ushort stream, ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length >= 1 && message[0] == OpenMessage.AckType)
        {
            if (_channels.TryGetValue(stream, out var acknowledged))
            {
                Opened(acknowledged, now);
            }

            return;
        }

        // RFC 8832 section 6: a stream in use, or of our own parity, cannot be opened by the peer.
        if (message.Length < 1
            || message[0] != OpenMessage.OpenType
            || _channels.ContainsKey(stream)
            || _channels.Count >= MaxChannels
            || (stream % 2 == 0) == _isDtlsClient
            || !OpenMessage.TryRead(message, out var label, out var settings))
        {
            if (!_channels.ContainsKey(stream))
            {
                _association.ResetStream(stream);
            }

            return;
        }

        var channel = new DataChannel(stream, label, settings, DataChannelState.Open);
        _channels[stream] = channel;
        _association.Send(stream, PpidControl, [OpenMessage.AckType], SctpDelivery.Reliable);
        _events.OnOpen(channel, now);
    }

    private void Opened(DataChannel channel, Instant now)
    {
        channel.AwaitsAck = false;
        if (channel.State == DataChannelState.Connecting)
        {
            channel.State = DataChannelState.Open;
            _events.OnOpen(channel, now);
        }
    }

    // A stream may be used again when both directions are reset.
    private void FinishClose(DataChannel channel, Instant now)
    {
        if (channel is { IncomingReset: true, OutgoingReset: true })
        {
            Closed(channel, now);
        }
    }

    private void Closed(DataChannel channel, Instant now)
    {
        if (_channels.Remove(channel.Stream))
        {
            channel.State = DataChannelState.Closed;
            _events.OnClosed(channel, now);
        }
    }
}
