using System.Net;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.TestClient.Network;

/// <summary>
/// The threads and sockets that any number of headless participants of one process share: media loops, one DTLS certificate.
/// Any thread may use it.
/// </summary>
public sealed class HeadlessNetwork : IDisposable
{
    private readonly MediaNetwork _network;
    private readonly DtlsCertificate _certificate = DtlsCertificate.Generate(TimeProvider.System);
    private int _next;

    /// <param name="loops">Threads for media; one serves hundreds of participants.</param>
    /// <param name="address">Where its sockets are; on the loopback interface when left out.</param>
    public HeadlessNetwork(int loops = 1, IPAddress? address = null)
    {
        _network = new MediaNetwork(new MediaNetworkOptions
        {
            LoopCount = loops,
            UdpEndPoint = new IPEndPoint(address ?? IPAddress.Loopback, 0),
            GatherWindow = TimeSpan.Zero,
            ArrivalTimes = true,
        });
        _network.Fault += (_, error) => Interlocked.CompareExchange(ref _fault, error, null);
        Dtls = new DtlsSessionFactory(_certificate, new DtlsOptions { MaxWaitingHandshakes = 8192, HandshakeTimeout = TimeSpan.FromSeconds(30) });
        _network.Start();
    }

    private Exception? _fault;

    /// <summary>The first exception that left a handler on one of the loops; null when all is well. A bug of the client's own.</summary>
    public Exception? Fault => _fault;

    public IReadOnlyList<MediaLoop> Loops => _network.Loops;

    internal DtlsSessionFactory Dtls { get; }

    internal SrtpSessionFactory Srtp { get; } = new();

    internal IRandomSource Random { get; } = new SystemRandom();

    /// <summary>A loop for the next participant, in turn.</summary>
    internal MediaLoop TakeLoop() => _network.Loops[(int)((uint)Interlocked.Increment(ref _next) % _network.Loops.Count)];

    public void Dispose()
    {
        _network.Dispose();
        _certificate.Dispose();
    }

    private sealed class SystemRandom : IRandomSource
    {
        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}

/// <summary>
/// Wall time in microseconds for capture timestamps, which cross processes: a monotonic clock set once, so that a step of the
/// system's clock during a run does not look like delay.
/// </summary>
internal static class CaptureClock
{
    // NTP counts from 1900.
    private static readonly long Offset =
        (DateTimeOffset.UtcNow - new DateTimeOffset(1900, 1, 1, 0, 0, 0, TimeSpan.Zero)).Ticks / TimeSpan.TicksPerMicrosecond
        - MonotonicClock.Read().Microseconds;

    /// <summary>Now as 32.32 fixed point seconds.</summary>
    public static ulong ToNtp(Instant at)
    {
        var microseconds = (ulong)(at.Microseconds + Offset);
        return (microseconds / 1_000_000 << 32) | ((microseconds % 1_000_000 << 32) / 1_000_000);
    }

    /// <summary>Microseconds from <paramref name="ntp"/> to <paramref name="at"/>; negative when the clocks differ.</summary>
    public static long Since(ulong ntp, Instant at) => (long)(ToNtp(at) - ntp) / 4295;
}
