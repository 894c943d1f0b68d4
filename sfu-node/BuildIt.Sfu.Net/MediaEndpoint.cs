using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Udp;

namespace BuildIt.Sfu.Net;

/// <summary>
/// One transport's place on a loop: the fragments and addresses whose datagrams come to it, and its way out.
/// Loop thread only. Dispose it when the transport ends.
/// </summary>
public sealed class MediaEndpoint : IMediaEndpoint
{
    private readonly List<UfragKey> _ufrags = [];
    private readonly List<(PathId Path, TransportAddress Remote)> _paths = [];
    private readonly bool _ownsSocket;
    private bool _disposed;

    internal MediaEndpoint(MediaLoop loop, IDatagramHandler handler, UdpSocket socket, bool ownsSocket)
    {
        Loop = loop;
        Handler = handler;
        Socket = socket;
        _ownsSocket = ownsSocket;
        Number = loop.Register(this);
    }

    public MediaLoop Loop { get; }

    /// <summary>UDP port this endpoint is reached at.</summary>
    public int LocalPort => Socket.LocalPort;

    internal UdpSocket Socket { get; }

    internal IDatagramHandler Handler { get; }

    /// <summary>By which its loop knows it.</summary>
    internal int Number { get; }

    /// <summary>
    /// STUN requests for this local fragment come here, from whatever address. Make it with
    /// <see cref="LoopUfrag.Create"/> for this loop, so that the other loops know too.
    /// </summary>
    /// <returns>False when it is taken, does not name this loop, or is no ICE fragment of at most 16 characters.</returns>
    public bool AddUfrag(string ufrag)
    {
        ArgumentNullException.ThrowIfNull(ufrag);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!UfragKey.TryCreate(ufrag, out UfragKey key) || LoopUfrag.LoopOf(key) != Loop.Index || !Loop.AddUfrag(key, this))
        {
            return false;
        }

        _ufrags.Add(key);
        return true;
    }

    /// <summary>Forgets a fragment, for example the old one some time after an ICE restart.</summary>
    public void RemoveUfrag(string ufrag)
    {
        ArgumentNullException.ThrowIfNull(ufrag);
        if (UfragKey.TryCreate(ufrag, out UfragKey key) && _ufrags.Remove(key))
        {
            Loop.RemoveUfrag(key);
        }
    }

    /// <summary>
    /// A destination. Datagrams from there come to this endpoint from now on, unless the address is another's already;
    /// see <see cref="Claim"/>. <see cref="PathId.None"/> when the endpoint holds too many, or the TCP connection is gone.
    /// </summary>
    public PathId OpenPath(in TransportAddress remote)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_paths.Count >= Loop.Options.MaxPathsPerEndpoint)
        {
            return PathId.None;
        }

        PathId path = Loop.OpenPath(this, Socket, remote);
        if (path != PathId.None)
        {
            _paths.Add((path, remote));
        }

        return path;
    }

    /// <inheritdoc/>
    public void Claim(in TransportAddress remote, bool proven)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach ((PathId path, TransportAddress known) in _paths)
        {
            if (known == remote)
            {
                Loop.Claim(this, path, remote, proven);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void MarkTransaction(Span<byte> transaction) => Loop.MarkTransaction(transaction, Number);

    public void ClosePath(PathId path)
    {
        int index = _paths.FindIndex(entry => entry.Path == path);
        if (index >= 0)
        {
            TransportAddress remote = _paths[index].Remote;
            _paths.RemoveAt(index);
            bool last = !_paths.Exists(entry => entry.Remote == remote);
            Loop.ClosePath(this, path, remote, last);
        }
    }

    public Span<byte> Reserve(PathId path, int capacity) => Loop.Sink.Reserve(path, capacity);

    public int LastWaiting(PathId path) => Loop.Sink.LastWaiting(path);

    public void Commit(int length) => Loop.Sink.Commit(length);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        while (_paths.Count > 0)
        {
            ClosePath(_paths[^1].Path);
        }

        foreach (UfragKey ufrag in _ufrags)
        {
            Loop.RemoveUfrag(ufrag);
        }

        _ufrags.Clear();
        _disposed = true;
        Loop.Unregister(Number);
        if (_ownsSocket)
        {
            Loop.CloseSocket(Socket);
        }
    }
}
