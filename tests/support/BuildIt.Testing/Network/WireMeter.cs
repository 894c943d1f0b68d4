using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace BuildIt.Testing.Network;

/// <summary>One direction of one conversation over UDP.</summary>
public readonly record struct UdpFlow(IPEndPoint From, IPEndPoint To);

/// <summary>
/// Counts what the kernel delivers on this machine over UDP, by flow: a raw socket sees every datagram, whoever sends and receives it.
/// Needs root. Thread-safe.
/// </summary>
public sealed class WireMeter : IDisposable
{
    private const int UdpHeader = 8;

    /// <summary>What may wait while this process is held up: a datagram that is not counted makes the measure wrong.</summary>
    private const int Buffer = 64 * 1024 * 1024;

    /// <summary>SO_RCVBUFFORCE of Linux: beyond the limit that holds for others.</summary>
    private const int ForcedReceiveBuffer = 33;

    private readonly Dictionary<UdpFlow, long> _bytes = [];
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Udp);
    private readonly Thread _thread;

    public WireMeter()
    {
        _socket.SetRawSocketOption(1, ForcedReceiveBuffer, BitConverter.GetBytes(Buffer));
        _thread = new Thread(Run) { IsBackground = true, Name = "wire meter" };
        _thread.Start();
    }

    /// <summary>The flows seen so far and their bytes, datagrams without IP and UDP headers.</summary>
    public IReadOnlyDictionary<UdpFlow, long> Flows
    {
        get
        {
            lock (_bytes)
            {
                return new Dictionary<UdpFlow, long>(_bytes);
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Run()
    {
        var buffer = new byte[128 * 1024];
        while (true)
        {
            int length;
            try
            {
                length = _socket.Receive(buffer);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                return;
            }

            // RFC 791 section 3.1: the low half of the first byte is the header's length in words of four bytes.
            var packet = buffer.AsSpan(0, length);
            var header = (packet[0] & 0x0F) * 4;
            var udp = packet[header..];
            var flow = new UdpFlow(
                new IPEndPoint(new IPAddress(packet.Slice(12, 4)), BinaryPrimitives.ReadUInt16BigEndian(udp)),
                new IPEndPoint(new IPAddress(packet.Slice(16, 4)), BinaryPrimitives.ReadUInt16BigEndian(udp[2..])));
            lock (_bytes)
            {
                // By the packet's own length: one that the kernel has not cut up yet holds several datagrams.
                _bytes[flow] = _bytes.GetValueOrDefault(flow) + length - header - UdpHeader;
            }
        }
    }
}
