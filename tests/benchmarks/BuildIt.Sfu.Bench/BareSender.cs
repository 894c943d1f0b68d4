using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// The least that forwarding could be: copy a packet, protect it with AES-128-GCM, send it. No retransmission cache, no
/// estimation, no pacing, no selection. Used on one loop.
/// </summary>
internal sealed class BareSender : IDatagramHandler, IDeadlineHandler, IDisposable
{
    /// <summary>Datagrams of one length, and a shorter one after them, leave as one message (UDP_SEGMENT).</summary>
    private const int ShorterBy = 4;

    private readonly MediaEndpoint _endpoint;
    private readonly LoopTimer _timer;
    private readonly PathId[] _paths;
    private readonly ISrtpSession[] _sessions;
    private readonly PacketIndex[] _indexes;
    private readonly byte[] _packet;
    private readonly int _packetBytes;
    private readonly double _run;
    private readonly uint _ssrc;
    private double _owed;
    private int _destination;
    private Pace _pace;
    private Instant _next = Instant.Never;

    /// <param name="loop">The loop it sends on.</param>
    /// <param name="receivers">Where to; the destinations take turns.</param>
    /// <param name="run">
    /// Packets to one destination in a row, which leave as one message: the last is shorter, as that of a picture is. A fraction mixes two lengths.
    /// </param>
    /// <param name="packetBytes">Size of each packet on the wire, tag included.</param>
    /// <param name="key">Of what is sent to all; one of its own for each when left out.</param>
    /// <param name="ssrc">Its number in each packet.</param>
    public BareSender(MediaLoop loop, IReadOnlyList<IPEndPoint> receivers, double run, int packetBytes, byte[]? key = null, uint ssrc = 1)
    {
        _run = run;
        _ssrc = ssrc;
        _packetBytes = packetBytes;
        _packet = new byte[packetBytes - 16];
        _endpoint = loop.CreateExclusiveEndpoint(this, new IPEndPoint(IPAddress.Loopback, 0));
        _timer = loop.CreateTimer(this);
        var factory = new SrtpSessionFactory();
        _paths = new PathId[receivers.Count];
        _sessions = new ISrtpSession[receivers.Count];
        _indexes = new PacketIndex[receivers.Count];
        RandomNumberGenerator.Fill(_packet);
        for (int i = 0; i < receivers.Count; i++)
        {
            byte[] used = key ?? RandomNumberGenerator.GetBytes(28);
            _sessions[i] = factory.Create(SrtpProfile.AeadAes128Gcm, used, used);
            _paths[i] = _endpoint.OpenPath(TransportAddress.FromEndPoint(receivers[i]));
        }
    }

    /// <summary>Sends about that many packets at once.</summary>
    public void Send(int packets)
    {
        for (int sent = 0; sent < packets;)
        {
            _owed += _run;
            for (; _owed >= 1; _owed--, sent++)
            {
                SendOne(_destination, isLast: _owed < 2);
            }

            _destination = (_destination + 1) % _paths.Length;
            if (_destination == 0 && _paths.Length > 1)
            {
                // As often as each has had its run: what waits must fit.
                _endpoint.Loop.Flush();
            }
        }

        _endpoint.Loop.Flush();
    }

    /// <summary>Sends in bursts from now on, as forwarding does, until another pace is set. The default one stops.</summary>
    public void Follow(Pace pace)
    {
        _pace = pace;
        _next = pace.BurstsPerSecond > 0 ? _endpoint.Loop.Now : Instant.Never;
        _timer.Schedule(_next);
    }

    /// <summary>Nanoseconds of processor time to copy and protect one packet, without sending it.</summary>
    public double MeasureProtection(int packets)
    {
        long start = ThreadCpu.Nanoseconds();
        for (int i = 0; i < packets; i++)
        {
            // A reservation that is not committed is discarded by the next.
            Span<byte> datagram = _endpoint.Reserve(_paths[i % _paths.Length], _packetBytes);
            var index = WritePacket(datagram, i % _paths.Length);
            _sessions[i % _paths.Length].ProtectRtp(datagram, _packet.Length, index, out _);
        }

        return (ThreadCpu.Nanoseconds() - start) / (double)packets;
    }

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
    }

    public void OnDeadline(Instant now)
    {
        Send(_pace.PacketsPerBurst);
        _next = Instant.Max(now, _next + TimeSpan.FromSeconds(1 / _pace.BurstsPerSecond));
        _timer.Schedule(_next);
    }

    public void Dispose()
    {
        _timer.Cancel();
        _endpoint.Dispose();
        Array.ForEach(_sessions, session => session.Dispose());
    }

    private void SendOne(int destination, bool isLast)
    {
        Span<byte> datagram = _endpoint.Reserve(_paths[destination], _packetBytes);
        var index = WritePacket(datagram, destination);
        if (_sessions[destination].ProtectRtp(datagram, _packet.Length - (isLast ? ShorterBy : 0), index, out int length) == SrtpError.None)
        {
            _endpoint.Commit(length);
        }
    }

    private PacketIndex WritePacket(Span<byte> datagram, int destination)
    {
        _packet.CopyTo(datagram);
        var index = _indexes[destination];
        _indexes[destination] += 1;
        datagram[0] = 0x80;
        datagram[1] = 96;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], index.Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], _ssrc);
        return index;
    }
}

/// <summary>Media comes in bursts: the packets of a frame to everybody who watches, then nothing for a while.</summary>
internal readonly record struct Pace(double BurstsPerSecond, int PacketsPerBurst);
