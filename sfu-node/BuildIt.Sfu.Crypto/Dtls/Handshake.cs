using System.Diagnostics;
using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// One handshake: BouncyCastle's blocking protocol on a thread of <see cref="HandshakeThreads"/>. Its outcome is published
/// once and read by the loop.
/// </summary>
internal sealed class Handshake(
    DtlsRole role,
    DtlsFingerprint expected,
    DtlsCertificate certificate,
    TlsCrypto crypto,
    DtlsOptions options,
    Action? wake)
{
    private readonly long _created = Stopwatch.GetTimestamp();
    private volatile bool _finished;
    private volatile bool _cancelled;

    public HandshakeChannel Channel { get; } = new(wake, role == DtlsRole.Server ? new ChangeCipherSpecGate() : null);

    /// <summary>True once the thread is done; then <see cref="Keys"/> says whether it went well.</summary>
    public bool IsFinished => _finished;

    public DtlsKeys? Keys { get; private set; }

    public void Run()
    {
        try
        {
            if (!_cancelled)
            {
                Keys = Negotiate();
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The peer's bytes can make BouncyCastle throw many kinds of exception; all mean the same here.
            Keys = null;
        }
        finally
        {
            Channel.Flush();
            _finished = true;
            wake?.Invoke();
        }
    }

    /// <summary>Refused before it began.</summary>
    public void Refuse()
    {
        _finished = true;
        wake?.Invoke();
    }

    public void Cancel()
    {
        _cancelled = true;
        Channel.Abort();
    }

    private DtlsKeys? Negotiate()
    {
        // Time spent waiting for a thread counts: the peer has given up by then.
        var remaining = options.HandshakeTimeout - Stopwatch.GetElapsedTime(_created);
        if (remaining < TimeSpan.FromMilliseconds(1))
        {
            return null;
        }

        var bounds = options with { HandshakeTimeout = remaining };
        if (role == DtlsRole.Server)
        {
            var server = new DtlsServerPeer(crypto, certificate, expected, bounds);
            new DtlsServerProtocol().Accept(server, Channel);
            return server.Keys;
        }

        var client = new DtlsClientPeer(crypto, certificate, expected, bounds);
        new DtlsClientProtocol().Connect(client, Channel);
        return client.Keys;
    }
}
