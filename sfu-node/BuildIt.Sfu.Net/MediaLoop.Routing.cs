using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Tcp;
using BuildIt.Sfu.Net.Timing;
using BuildIt.Sfu.Net.Udp;

namespace BuildIt.Sfu.Net;

/// <content>
/// Where a datagram goes: a STUN request by the fragment it names, everything else by its sender's address. The kernel
/// spreads addresses over the sockets by hash, so a datagram often arrives on a loop that does not own its sender; that
/// one passes it on.
/// </content>
public sealed partial class MediaLoop
{
    private readonly Dictionary<TransportAddress, Binding> _bindings = [];
    private readonly Dictionary<UfragKey, MediaEndpoint> _ufrags = [];
    private readonly Dictionary<int, MediaEndpoint> _endpoints = [];
    private readonly TransactionMark _transactions;
    private readonly bool[] _handedTo;
    private TransportAddress _currentSender;
    private LocalAddress _currentLocal;
    private TimeSpec _currentArrival;
    private int _lastEndpoint;

    void IUdpSocketOwner.OnReadable(UdpSocket socket)
    {
        for (int turn = 0; turn < ReceivesPerTurn; turn++)
        {
            int count = _received.Receive(socket.Descriptor);
            Counters.ReceiveCalls++;
            if (count < 0)
            {
                // EAGAIN: nothing left. Others report an earlier send's fate (ECONNREFUSED) and are spent by being read.
                if (Marshal.GetLastPInvokeError() is Linux.ErrorAgain or Linux.ErrorInterrupted)
                {
                    return;
                }

                continue;
            }

            for (int i = 0; i < count; i++)
            {
                HandleMessage(socket, _received.Read(i));
                if (socket.IsClosed)
                {
                    return;
                }
            }

            if (count < ReceiveBatch.Capacity)
            {
                return;
            }
        }

        _cutShort = true;
    }

    /// <summary>
    /// When the datagram being handled reached this host, however long it waited for the loop. The time now where the kernel
    /// does not say: without <see cref="MediaNetworkOptions.ArrivalTimes"/>, and for datagrams that came by way of another loop.
    /// </summary>
    public Instant ReadArrival()
    {
        AssertCurrent();
        Instant now = MonotonicClock.Read();
        if (_currentArrival.Seconds == 0)
        {
            return now;
        }

        // The kernel's stamp is of the system's clock: how long ago it is can be said by that clock alone.
        var arrival = TimeSpan.FromSeconds(_currentArrival.Seconds) + TimeSpan.FromMicroseconds(_currentArrival.Nanoseconds / 1000.0);
        return now - (DateTime.UtcNow - DateTime.UnixEpoch - arrival);
    }

    internal bool AddUfrag(UfragKey ufrag, MediaEndpoint endpoint) => _ufrags.TryAdd(ufrag, endpoint);

    internal void RemoveUfrag(UfragKey ufrag) => _ufrags.Remove(ufrag);

    /// <summary>The loop of that number, or null.</summary>
    private MediaLoop? Sibling(int index) => index >= 0 && index < _network.Loops.Count ? _network.Loops[index] : null;

    internal PathId OpenPath(MediaEndpoint endpoint, UdpSocket socket, in TransportAddress remote)
    {
        AssertCurrent();
        TcpConnection? connection = null;
        if (remote.Protocol == TransportProtocol.Tcp)
        {
            connection = Connections.Find(remote);
            if (connection is null || connection.IsClosed)
            {
                return PathId.None;
            }

            connection.IsClaimed = true;
        }
        else if (!socket.IsIPv6 && !remote.IsIPv4)
        {
            return PathId.None;
        }

        LocalAddress local = remote == _currentSender ? _currentLocal : default;
        PathId path = Sink.Open(connection is null ? socket : null, connection, remote, local);
        if (socket.Exclusive is null && _network.Directory.TrySet(remote, Index))
        {
            _bindings[remote] = new Binding(endpoint, path, Proven: false);
        }
        else if (_bindings.TryGetValue(remote, out Binding binding) && binding.Endpoint == endpoint)
        {
            _bindings[remote] = binding with { Path = path };
        }

        return path;
    }

    /// <summary>The number of a new endpoint.</summary>
    internal int Register(MediaEndpoint endpoint)
    {
        do
        {
            _lastEndpoint = (_lastEndpoint + 1) % TransactionMark.MaxEndpoints;
        }
        while (!_endpoints.TryAdd(_lastEndpoint, endpoint));
        return _lastEndpoint;
    }

    internal void Unregister(int endpoint) => _endpoints.Remove(endpoint);

    internal void MarkTransaction(Span<byte> transaction, int endpoint) => _transactions.Write(transaction, Index, endpoint);

    internal void Claim(MediaEndpoint endpoint, PathId path, in TransportAddress remote, bool proven)
    {
        AssertCurrent();
        bool known = _bindings.TryGetValue(remote, out Binding binding);
        if (known && binding.Endpoint == endpoint && (binding.Proven || !proven))
        {
            return;
        }

        if (known && binding.Proven && !proven)
        {
            return;
        }

        if (!_network.Directory.TryClaim(remote, Index, proven, out int previous))
        {
            return;
        }

        // A binding left on another loop stays until its endpoint closes that path; the directory no longer leads there,
        // but the loop itself must not keep what arrives on its own socket, unless it has won the address back meanwhile.
        if (previous != Index)
        {
            Sibling(previous)?.ForgetWhenLost(remote);
        }

        _bindings[remote] = new Binding(endpoint, path, proven);
    }

    // Apart from Claim, which would make this closure each time, needed or not. Any thread.
    private void ForgetWhenLost(TransportAddress remote) => Post(() =>
    {
        if (!_network.Directory.TryGet(remote, out int owner) || owner != Index)
        {
            _bindings.Remove(remote);
        }
    });

    internal void ClosePath(MediaEndpoint endpoint, PathId path, in TransportAddress remote, bool last)
    {
        AssertCurrent();
        TcpConnection? connection = Sink.Find(path)?.Connection;
        Sink.Close(path);
        if (!last)
        {
            return;
        }

        if (_bindings.TryGetValue(remote, out Binding binding) && binding.Endpoint == endpoint)
        {
            _bindings.Remove(remote);
            _network.Directory.Remove(remote, Index);
        }

        if (connection is { IsClosed: false })
        {
            connection.Flush();
            Connections.Close(connection);
        }
    }

    private void Dispatch(Span<byte> datagram, in TransportAddress from, in LocalAddress local)
    {
        if (datagram.IsEmpty)
        {
            return;
        }

        // STUN starts with two zero bits (RFC 7983 section 7); a request's fragment overrules the address, because an
        // address may have passed to another client and an ICE restart may move a client to another transport.
        if (datagram[0] == 0 && StunUsername.TryReadLocalUfrag(datagram, out UfragKey ufrag))
        {
            int owner = LoopUfrag.LoopOf(ufrag);
            if (owner != Index)
            {
                HandOver(owner, datagram, from, local);
            }
            else if (_ufrags.TryGetValue(ufrag, out MediaEndpoint? endpoint))
            {
                Deliver(endpoint.Handler, datagram, from, local);
            }
            else
            {
                Counters.Unroutable++;
            }

            return;
        }

        // An answer goes to whoever asked: only that proves an address, so it must not depend on whose the address is.
        if (datagram[0] == 1 && _transactions.TryRead(datagram, out int asker, out int number))
        {
            if (asker != Index)
            {
                HandOver(asker, datagram, from, local);
            }
            else if (_endpoints.TryGetValue(number, out MediaEndpoint? endpoint))
            {
                Deliver(endpoint.Handler, datagram, from, local);
            }
            else
            {
                Counters.Unroutable++;
            }

            return;
        }

        ref Binding binding = ref CollectionsMarshal.GetValueRefOrNullRef(_bindings, from);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref binding))
        {
            if (local.IsKnown && Sink.Find(binding.Path) is { } path)
            {
                path.Local = local;
            }

            Deliver(binding.Endpoint.Handler, datagram, from, local);
        }
        else if (_network.Directory.TryGet(from, out int owner) && owner != Index)
        {
            HandOver(owner, datagram, from, local);
        }
        else
        {
            Counters.Unroutable++;
        }
    }

    private unsafe void HandleMessage(UdpSocket socket, in ReceivedMessage message)
    {
        if (message.Truncated || message.SegmentSize <= 0)
        {
            return;
        }

        _currentArrival = message.Arrival;
        TransportAddress from = SocketAddressCodec.Read(*message.From);
        for (int offset = 0; offset < message.Length; offset += message.SegmentSize)
        {
            var datagram = new Span<byte>(message.Data + offset, Math.Min(message.SegmentSize, message.Length - offset));
            Counters.CountReceived(datagram.Length, socket.IsInner);
            if (socket.Exclusive is { } handler)
            {
                Deliver(handler, datagram, from, message.Local);
            }
            else
            {
                Dispatch(datagram, from, message.Local);
            }

            if (socket.IsClosed)
            {
                return;
            }
        }
    }

    private void Deliver(IDatagramHandler handler, Span<byte> datagram, in TransportAddress from, in LocalAddress local)
    {
        _currentSender = from;
        _currentLocal = local;
        try
        {
            handler.HandleDatagram(datagram, from, Now);
        }
        catch (Exception error)
        {
            ReportFault(error);
        }
    }

    private void HandOver(int owner, ReadOnlySpan<byte> datagram, in TransportAddress from, in LocalAddress local)
    {
        if (Sibling(owner) is not { } other)
        {
            Counters.Unroutable++;
        }
        else if (other._inbox.TryEnqueue(datagram, from, local))
        {
            Counters.HandedOver++;
            _handedTo[owner] = true;
        }
        else
        {
            Counters.HandOverDropped++;
        }
    }

    /// <summary>One wake-up per loop and iteration, however many datagrams it got.</summary>
    private void WakeHandedTo()
    {
        for (int i = 0; i < _handedTo.Length; i++)
        {
            if (_handedTo[i])
            {
                _handedTo[i] = false;
                _network.Loops[i]._wake.Signal();
            }
        }
    }

    /// <param name="Proven">Our own check was answered from the address.</param>
    private readonly record struct Binding(MediaEndpoint Endpoint, PathId Path, bool Proven);
}
