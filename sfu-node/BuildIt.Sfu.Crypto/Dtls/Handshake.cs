using System.Diagnostics;
using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// One handshake: BouncyCastle's blocking protocol on a thread of <see cref="HandshakeThreads"/>. Its outcome is published
/// once and read by the loop.
/// </summary>
internal sealed class Handshake
{
    private readonly DtlsRole _role;
    private readonly DtlsFingerprint _expected;
    private readonly DtlsCertificate _certificate;
    private readonly TlsCrypto _crypto;
    private readonly DtlsOptions _options;
    private readonly Action? _wake;
    private readonly long _created = Stopwatch.GetTimestamp();
    private volatile bool _finished;
    private volatile bool _cancelled;

    public Handshake(
        DtlsRole role,
        DtlsFingerprint expected,
        DtlsCertificate certificate,
        TlsCrypto crypto,
        DtlsOptions options,
        Action? wake)
    {
        _role = role;
        _expected = expected;
        _certificate = certificate;
        _crypto = crypto;
        _options = options;
        _wake = wake;
        Channel = new HandshakeChannel(Wake, role == DtlsRole.Server ? new ChangeCipherSpecGate() : null);
    }

    public HandshakeChannel Channel { get; }

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
            Wake();
        }
    }

    /// <summary>Refused before it began.</summary>
    public void Refuse()
    {
        _finished = true;
        Wake();
    }

    public void Cancel()
    {
        _cancelled = true;
        Channel.Abort();
    }

    private DtlsKeys? Negotiate()
    {
        // Time spent waiting for a thread counts: the peer has given up by then.
        var remaining = _options.HandshakeTimeout - Stopwatch.GetElapsedTime(_created);
        if (remaining < TimeSpan.FromMilliseconds(1))
        {
            return null;
        }

        var bounds = _options with { HandshakeTimeout = remaining };
        if (_role == DtlsRole.Server)
        {
            var server = new DtlsServerPeer(_crypto, _certificate, _expected, bounds);
            new DtlsServerProtocol().Accept(server, Channel);
            return server.Keys;
        }

        var client = new DtlsClientPeer(_crypto, _certificate, _expected, bounds);
        new DtlsClientProtocol().Connect(client, Channel);
        return client.Keys;
    }

    private void Wake()
    {
        if (_cancelled)
        {
            return;
        }

        try
        {
            _wake?.Invoke();
        }
        catch (ObjectDisposedException)
        {
            // The loop ended between the check and the call: nobody is left to wake.
        }
    }
}
