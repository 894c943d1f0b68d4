using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// The four messages that open an association (RFC 9260 section 5.1), from either side or from both at once: which of them is to be sent,
/// and what the peer said in its own. The association says whether its state lets a message of the peer count.
/// </summary>
internal sealed class SctpHandshake
{
    private readonly SctpOptions _options;
    private readonly RetransmissionTimeout _rto;
    private readonly StateCookie _cookie;
    private readonly uint _localTsn;
    private byte[] _peerCookie = [];
    private HandshakeParameters _initAckFor;
    private bool _initDue;
    private bool _initAckDue;
    private bool _cookieEchoDue;
    private bool _cookieAckDue;

    public SctpHandshake(SctpOptions options, RetransmissionTimeout rto, IRandomSource random)
    {
        _options = options;
        _rto = rto;
        _cookie = new StateCookie(random);
        LocalTag = NextTag(random);
        _localTsn = NextTag(random);
    }

    /// <summary>The tag that every packet to this side has, but for INIT.</summary>
    public uint LocalTag { get; }

    /// <summary>T1-init and T1-cookie (RFC 9260 section 4).</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    /// <summary>Sends INIT.</summary>
    public void Begin(Instant now)
    {
        _initDue = true;
        Timer = now + _rto.Current;
    }

    /// <summary>Takes INIT: section 5.1 (B), and 5.2.1 when both sides open at once, where the answer repeats the tag of our own INIT.</summary>
    public void TakeInit(ReadOnlySpan<byte> value)
    {
        if (HandshakeChunks.TryRead(value, _options, out var parameters, out _))
        {
            _initAckFor = parameters with { LocalTag = LocalTag, LocalTsn = _localTsn };
            _initAckDue = true;
        }
    }

    /// <summary>Takes INIT ACK; from now on it is COOKIE ECHO that is sent. False when it cannot be one.</summary>
    public bool TryTakeInitAck(ReadOnlySpan<byte> value, Instant now, out HandshakeParameters peer)
    {
        peer = default;
        if (!HandshakeChunks.TryRead(value, _options, out var parameters, out var cookie) || cookie.IsEmpty)
        {
            return false;
        }

        peer = parameters with { LocalTag = LocalTag, LocalTsn = _localTsn };
        _peerCookie = cookie.ToArray();
        _initDue = false;
        _cookieEchoDue = true;
        Timer = now + _rto.Current;
        return true;
    }

    /// <summary>Reads COOKIE ECHO. False when the cookie is not of this association or is too old.</summary>
    public bool TryReadCookie(ReadOnlySpan<byte> value, Instant now, out HandshakeParameters peer) =>
        _cookie.TryRead(value, now, _options.CookieLifetime, out peer) && peer.LocalTag == LocalTag;

    /// <summary>Sends COOKIE ACK with the next packet.</summary>
    public void AcknowledgeCookie() => _cookieAckDue = true;

    /// <summary>The association is open.</summary>
    public void Established()
    {
        _initDue = false;
        _cookieEchoDue = false;
        _peerCookie = [];
        Timer = Instant.Never;
    }

    /// <summary>There was no answer: what waits for one is sent again.</summary>
    public void TimedOut(SctpState state, Instant now)
    {
        _rto.BackOff();
        _initDue |= state == SctpState.CookieWait;
        _cookieEchoDue |= state == SctpState.CookieEchoed;
        Timer = now + _rto.Current;
    }

    public void Stop() => Timer = Instant.Never;

    /// <summary>Appends the chunk that is due and travels alone. False when there is none.</summary>
    /// <param name="buffer">Takes the packet.</param>
    /// <param name="peerTag">The peer's tag, if it is known.</param>
    /// <param name="now">Now.</param>
    /// <param name="packet">The packet, still to be finished.</param>
    public bool TryWrite(Span<byte> buffer, uint peerTag, Instant now, out SctpPacketWriter packet)
    {
        if (_initAckDue)
        {
            _initAckDue = false;
            packet = Open(buffer, _initAckFor.PeerTag);
            Span<byte> cookie = stackalloc byte[StateCookie.Size];
            _cookie.Write(cookie, _initAckFor, now);
            var value = packet.Chunk(ChunkType.InitAck, 0, HandshakeChunks.Length(_options, StateCookie.Size));
            HandshakeChunks.Write(value, _options, LocalTag, _localTsn, cookie);
            return true;
        }

        if (_initDue)
        {
            _initDue = false;
            packet = Open(buffer, 0);
            HandshakeChunks.Write(packet.Chunk(ChunkType.Init, 0, HandshakeChunks.Length(_options, 0)), _options, LocalTag, _localTsn, []);
            return true;
        }

        if (_cookieEchoDue)
        {
            _cookieEchoDue = false;
            packet = Open(buffer, peerTag);
            packet.Chunk(ChunkType.CookieEcho, 0, _peerCookie);
            return true;
        }

        packet = default;
        return false;
    }

    /// <summary>Appends COOKIE ACK when it is due; data may follow it.</summary>
    public void WriteCookieAck(ref SctpPacketWriter packet)
    {
        if (_cookieAckDue)
        {
            _cookieAckDue = false;
            packet.Chunk(ChunkType.CookieAck, 0, []);
        }
    }

    private SctpPacketWriter Open(Span<byte> buffer, uint tag) => new(buffer, _options.LocalPort, _options.RemotePort, tag);

    private static uint NextTag(IRandomSource random)
    {
        Span<byte> bytes = stackalloc byte[4];
        uint tag;
        do
        {
            random.Fill(bytes);
            tag = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }
        while (tag == 0);

        return tag;
    }
}
