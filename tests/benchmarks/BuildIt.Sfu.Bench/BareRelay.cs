using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Net;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// The least that a hop could be: receive from many, open, copy, protect, send to one. No feedback, no estimation, no retransmission
/// cache, no layers. Used on one loop.
/// </summary>
internal sealed class BareRelay : IDatagramHandler, IDisposable
{
    private const int SsrcOffset = 8;
    private const int TagBytes = 16;

    private readonly MediaEndpoint _endpoint;
    private readonly MediaEndpoint _link;
    private readonly PathId _path;
    private readonly ISrtpSession[] _incoming;
    private readonly ISrtpSession _outgoing;
    private PacketIndex _index;

    /// <param name="loop">The loop it works on.</param>
    /// <param name="sources">Number of <see cref="Publishers"/>.</param>
    /// <param name="receiver">The other end of the link.</param>
    public BareRelay(MediaLoop loop, int sources, IPEndPoint receiver)
    {
        _endpoint = loop.CreateExclusiveEndpoint(this, new IPEndPoint(IPAddress.Loopback, 0));
        _link = loop.CreateExclusiveEndpoint(this, new IPEndPoint(IPAddress.Loopback, 0));
        _path = _link.OpenPath(TransportAddress.FromEndPoint(receiver));
        var factory = new SrtpSessionFactory();
        _incoming = [.. Enumerable.Range(0, sources).Select(source => factory.Create(SrtpProfile.AeadAes128Gcm, Publishers.KeyOf(source), Publishers.KeyOf(source)))];
        byte[] key = RandomNumberGenerator.GetBytes(28);
        _outgoing = factory.Create(SrtpProfile.AeadAes128Gcm, key, key);
    }

    public int Port => _endpoint.LocalPort;

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
        uint source = BinaryPrimitives.ReadUInt32BigEndian(datagram[SsrcOffset..]);
        if (source >= _incoming.Length || !_incoming[source].TryUnprotectRtp(datagram, out int plain))
        {
            return;
        }

        Span<byte> packet = _link.Reserve(_path, plain + TagBytes);
        datagram[..plain].CopyTo(packet);
        PacketIndex index = _index;
        _index += 1;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], index.Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(packet[SsrcOffset..], 1);
        if (_outgoing.ProtectRtp(packet, plain, index, out int length) == SrtpError.None)
        {
            _link.Commit(length);
        }
    }

    public void Dispose()
    {
        _endpoint.Dispose();
        _link.Dispose();
        Array.ForEach(_incoming, session => session.Dispose());
        _outgoing.Dispose();
    }
}
