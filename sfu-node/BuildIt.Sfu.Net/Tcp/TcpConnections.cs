using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tcp;

/// <summary>
/// The ICE-TCP connections of one loop. A new one must name a transport with its first frame, and that transport must
/// take it up, within the time allowed; of too many that have not, the oldest goes.
/// </summary>
internal sealed class TcpConnections : IDeadlineHandler, IDisposable
{
    private readonly ITcpOwner _loop;
    private readonly Epoll _epoll;
    private readonly TcpLimits _limits;
    private readonly Dictionary<int, TcpConnection> _connections = [];
    private readonly Queue<(TcpConnection Connection, Instant Deadline)> _unclaimed = new();
    private readonly LoopTimer _timer;

    public TcpConnections(ITcpOwner loop, Epoll epoll, TcpLimits limits)
    {
        _loop = loop;
        _epoll = epoll;
        _limits = limits;
        _timer = loop.CreateTimer(this);
    }

    public int Count => _connections.Count;

    public TcpConnection? Find(in TransportAddress remote) => _connections.GetValueOrDefault(remote.Connection);

    /// <summary>Takes an accepted descriptor, or one from another loop with what that read of it.</summary>
    public void Adopt(int descriptor, in TransportAddress remote, ReadOnlySpan<byte> unread)
    {
        if (_connections.Count >= _limits.PerLoop && !CloseOldestUnclaimed())
        {
            Refuse(descriptor);
            return;
        }

        var connection = new TcpConnection(this, _epoll, descriptor, remote);
        _connections.Add(remote.Connection, connection);
        Instant deadline = _loop.Now + _limits.FirstPacketTimeout;
        _unclaimed.Enqueue((connection, deadline));
        _timer.ScheduleNoLaterThan(deadline);
        connection.Resume(unread);
    }

    /// <summary>One frame. False when the connection moved to another loop or was closed.</summary>
    public bool Deliver(TcpConnection connection, Span<byte> datagram)
    {
        if (!connection.IsRouted)
        {
            if (!StunUsername.TryReadLocalUfrag(datagram, out UfragKey ufrag))
            {
                Reject(connection);
                return false;
            }

            int owner = LoopUfrag.LoopOf(ufrag);
            if (owner != _loop.Index && _loop.Sibling(owner) is { } other)
            {
                MoveTo(other, connection);
                return false;
            }

            if (!_loop.Owns(ufrag))
            {
                Reject(connection);
                return false;
            }

            connection.IsRouted = true;
        }

        _loop.Dispatch(datagram, connection.Remote);
        return !connection.IsClosed;
    }

    public void Close(TcpConnection connection)
    {
        if (_connections.Remove(connection.Remote.Connection))
        {
            connection.MarkClosed();
            _loop.PathLost(connection.Remote);
            _loop.DisposeLater(connection);
        }
    }

    /// <summary>Closes a descriptor that no connection was made of.</summary>
    public void Refuse(int descriptor)
    {
        _loop.Counters.TcpRejected++;
        _ = Linux.Close(descriptor);
        Released();
    }

    /// <summary>A descriptor was given back.</summary>
    public void Released() => _limits.Closed();

    public void OnDeadline(Instant now)
    {
        while (_unclaimed.TryPeek(out (TcpConnection Connection, Instant Deadline) next))
        {
            if (!next.Connection.IsClosed && !next.Connection.IsClaimed)
            {
                if (next.Deadline > now)
                {
                    _timer.Schedule(next.Deadline);
                    return;
                }

                Reject(next.Connection);
            }

            _unclaimed.Dequeue();
        }
    }

    public void Dispose()
    {
        foreach (TcpConnection connection in _connections.Values)
        {
            connection.Dispose();
        }

        _connections.Clear();
    }

    private void MoveTo(ITcpOwner other, TcpConnection connection)
    {
        (int descriptor, byte[] unread) = connection.Detach();
        TransportAddress remote = connection.Remote;
        _connections.Remove(remote.Connection);
        connection.MarkClosed();
        _loop.DisposeLater(connection);
        if (!other.Post(() => other.Connections.Adopt(descriptor, remote, unread)))
        {
            _ = Linux.Close(descriptor);
            Released();
        }
    }

    private void Reject(TcpConnection connection)
    {
        _loop.Counters.TcpRejected++;
        Close(connection);
    }

    /// <summary>Makes room at the cost of whoever has proved nothing for longest. False when there is nobody.</summary>
    public bool CloseOldestUnclaimed()
    {
        while (_unclaimed.TryDequeue(out (TcpConnection Connection, Instant Deadline) oldest))
        {
            if (!oldest.Connection.IsClosed && !oldest.Connection.IsClaimed)
            {
                Reject(oldest.Connection);
                return true;
            }
        }

        return false;
    }
}
