using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BuildIt.Sfu.Bench;

/// <summary>What a datagram takes between two sockets with nothing between them: the part of a delay that is not the node's.</summary>
internal static class LoopbackLatency
{
    /// <summary>Sends a datagram of a frame's size each millisecond and says how long they took.</summary>
    public static async Task<string> MeasureAsync(TimeSpan duration)
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 };
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(receiver.LocalEndPoint!);
        var times = new List<double>();
        Task receiving = Task.Factory.StartNew(
            () =>
            {
                var buffer = new byte[1500];
                try
                {
                    while (receiver.Receive(buffer) > 0)
                    {
                        times.Add(Stopwatch.GetElapsedTime(BinaryPrimitives.ReadInt64LittleEndian(buffer)).TotalMilliseconds);
                    }
                }
                catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
                {
                    // All have arrived.
                }
            },
            TaskCreationOptions.LongRunning);
        var packet = new byte[1100];
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration;)
        {
            BinaryPrimitives.WriteInt64LittleEndian(packet, Stopwatch.GetTimestamp());
            sender.Send(packet);
            await Task.Delay(1);
        }

        await receiving;
        times.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"p50 {times[times.Count / 2]:0.00} ms, p99 {times[times.Count * 99 / 100]:0.00} ms");
    }
}
