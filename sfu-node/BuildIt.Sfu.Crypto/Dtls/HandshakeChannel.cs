using System.Collections.Concurrent;
using Org.BouncyCastle.Tls;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// The two queues between the loop and a handshake's thread. BouncyCastle blocks in <see cref="Receive(Span{byte}, int)"/>;
/// the loop never does. Both queues are bounded: what does not fit is lost, as on any network.
/// </summary>
/// <param name="wake">Called after each datagram that is ready to be sent.</param>
/// <param name="gate">What may not reach BouncyCastle yet, in the server's role.</param>
internal sealed class HandshakeChannel(Action wake, ChangeCipherSpecGate? gate) : DatagramTransport
{
    /// <summary>Fits every path with room for the headers of IP, UDP and TURN.</summary>
    private const int SendLimit = 1200;
    private const int ReceiveLimit = 2048;
    private const int MaxQueued = 32;

    private readonly ConcurrentQueue<byte[]> _outgoing = new();
    private readonly Queue<byte[]> _incoming = new();
    private readonly List<byte[]> _lastFlight = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly byte[] _pending = new byte[SendLimit];
    private int _pendingLength;
    private bool _startsFlight = true;
    private bool _closed;

    /// <summary>Datagrams sent since the last one was received: the flight to repeat if the peer repeats its own.</summary>
    public IReadOnlyList<byte[]> LastFlight => _lastFlight;

    public void Enqueue(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length > ReceiveLimit)
        {
            return;
        }

        lock (_lock)
        {
            if (_closed || _incoming.Count >= MaxQueued)
            {
                return;
            }

            var admitted = gate?.Admit(datagram) ?? datagram.Length;
            if (admitted == 0)
            {
                return;
            }

            _incoming.Enqueue(datagram[..admitted].ToArray());
        }

        _arrived.Release();
    }

    public bool TryTakeOutgoing(out byte[]? datagram) => _outgoing.TryDequeue(out datagram);

    /// <summary>Datagrams that came when the handshake no longer read: its first records of data.</summary>
    public bool TryTakeUnread(out byte[]? datagram)
    {
        lock (_lock)
        {
            return _incoming.TryDequeue(out datagram);
        }
    }

    /// <summary>Makes the handshake end soon, by an exception out of its next receive.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _closed = true;
            _incoming.Clear();
        }

        _arrived.Release();
    }

    public int GetReceiveLimit() => ReceiveLimit;

    public int GetSendLimit() => SendLimit;

    public int Receive(byte[] buf, int off, int len, int waitMillis) => Receive(buf.AsSpan(off, len), waitMillis);

    public int Receive(Span<byte> buffer, int waitMillis)
    {
        Flush();

        // 0 means for ever to BouncyCastle, which its own timeout never lets come to pass here.
        if (!_arrived.Wait(Math.Max(1, waitMillis)))
        {
            return -1;
        }

        lock (_lock)
        {
            if (_closed)
            {
                throw new TlsFatalAlert(AlertDescription.user_canceled);
            }

            if (!_incoming.TryDequeue(out var datagram))
            {
                return -1;
            }

            _startsFlight = true;
            datagram.AsSpan(0, Math.Min(datagram.Length, buffer.Length)).CopyTo(buffer);
            return Math.Min(datagram.Length, buffer.Length);
        }
    }

    public void Send(byte[] buf, int off, int len) => Send(buf.AsSpan(off, len));

    public void Send(ReadOnlySpan<byte> buffer)
    {
        if (_pendingLength + buffer.Length > SendLimit)
        {
            Flush();
        }

        if (buffer.Length <= SendLimit)
        {
            buffer.CopyTo(_pending.AsSpan(_pendingLength));
            _pendingLength += buffer.Length;
        }
    }

    /// <summary>
    /// Sends the records gathered so far. BouncyCastle sends each on its own; together they make one or two datagrams of a
    /// flight, so that a loss is rarer.
    /// </summary>
    public void Flush()
    {
        if (_pendingLength == 0)
        {
            return;
        }

        if (_startsFlight)
        {
            _startsFlight = false;
            _lastFlight.Clear();
        }

        var datagram = _pending[.._pendingLength];
        _pendingLength = 0;
        _lastFlight.Add(datagram);
        if (_outgoing.Count < MaxQueued)
        {
            _outgoing.Enqueue(datagram);
            wake();
        }
    }

    public void Close()
    {
    }
}
