using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Memory;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Statistics;
using BuildIt.Sfu.Net.Tcp;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>
/// A loop's outgoing datagrams. They are written into one arena in the order in which they are made, hang in a list per
/// destination, and leave with the next flush: equal-sized neighbours of one destination as one segmented message.
/// </summary>
internal sealed unsafe class DatagramSink : IDisposable
{
    /// <summary>The kernel's UDP_MAX_SEGMENTS before Linux 6.9.</summary>
    private const int MaxSegments = 64;

    /// <summary>Below 65,535 by the largest IP and UDP headers.</summary>
    private const int MaxMessageBytes = 65_000;

    private const int MaxDatagram = 65_535;

    /// <summary>
    /// More than this does not wait for the end of the iteration: what is written next finds the arena's beginning still in the cache,
    /// the kernel copies from there, and the first of many receivers does not wait for the last.
    /// </summary>
    private const int EarlyFlushBytes = 128 * 1024;

    private const int IndexBits = 24;
    private const int GenerationMask = 0x7F;
    private const byte Poison = 0xDD;

    private readonly LoopCounters _counters;
    private readonly NativeBlock _arena;
    private readonly Packet[] _packets;
    private readonly List<DatagramPath> _paths = [];
    private readonly Stack<int> _freePaths = new();
    private readonly List<UdpSocket> _dirtySockets = [];
    private readonly List<TcpConnection> _dirtyConnections = [];
    private readonly SendBatch _batch = new();
    private int _arenaUsed;
    private int _packetCount;
    private DatagramPath? _reservedPath;
    private int _reserved = -1;

    /// <param name="counters">Where sending is counted.</param>
    /// <param name="arenaBytes">Most bytes that wait for a flush.</param>
    /// <param name="maxPending">Most datagrams that wait for a flush.</param>
    public DatagramSink(LoopCounters counters, int arenaBytes, int maxPending)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(arenaBytes, 2 * MaxDatagram);
        _counters = counters;
        _arena = new NativeBlock(arenaBytes);
        _packets = new Packet[maxPending];
    }

    /// <summary>Datagrams committed since the start.</summary>
    public long Committed { get; private set; }

    public PathId Open(UdpSocket? socket, TcpConnection? connection, in TransportAddress remote, in LocalAddress local)
    {
        DatagramPath path;
        if (_freePaths.TryPop(out int index))
        {
            path = _paths[index];
        }
        else
        {
            path = new DatagramPath { Index = _paths.Count };
            _paths.Add(path);
        }

        path.IsOpen = true;
        path.Socket = socket;
        path.Connection = connection;
        path.Local = local;
        path.SegmentationRefused = false;
        if (socket is not null)
        {
            SocketAddressCodec.Write(remote, socket.IsIPv6, out path.Address);
        }

        return new PathId(path.Generation << IndexBits | path.Index);
    }

    public void Close(PathId id)
    {
        if (Find(id) is not { } path)
        {
            return;
        }

        path.IsOpen = false;
        path.Generation = (path.Generation + 1) & GenerationMask;
        if (path.Head == DatagramPath.NoPacket)
        {
            Recycle(path);
        }
    }

    public DatagramPath? Find(PathId id)
    {
        int index = id.Value & ((1 << IndexBits) - 1);
        return id.Value >= 0 && index < _paths.Count && _paths[index] is { IsOpen: true } path && path.Generation == id.Value >> IndexBits
            ? path
            : null;
    }

    public Span<byte> Reserve(PathId id, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxDatagram);
        if (_packetCount == _packets.Length || _arenaUsed + capacity > _arena.Length)
        {
            Flush();
            if (_packetCount != 0)
            {
                // The kernel takes no more: what waits is late already, and newer datagrams are worth more.
                DropPending();
            }
        }

        _reservedPath = Find(id);
        if (_arenaUsed > EarlyFlushBytes && _reservedPath is { Head: DatagramPath.NoPacket })
        {
            // Only between destinations: what is for one may still become one message.
            FlushSockets();
        }

        _reserved = capacity;
        return new Span<byte>(_arena.Pointer + _arenaUsed, capacity);
    }

    /// <inheritdoc cref="IDatagramSink.LastWaiting"/>
    public int LastWaiting(PathId id) =>
        Find(id) is not { Socket.Segmentation: true, SegmentationRefused: false } path ? -1
        : path.Tail == DatagramPath.NoPacket ? 0 : _packets[path.Tail].Length;

    public void Commit(int length)
    {
        if ((uint)length > (uint)_reserved)
        {
            throw new InvalidOperationException("commit without a reservation, or beyond it");
        }

        _reserved = -1;
        if (length == 0)
        {
            return;
        }

        if (_reservedPath is not { } path)
        {
            _counters.SendErrors++;
        }
        else if (path.Connection is { } connection)
        {
            CommitStream(connection, length);
        }
        else
        {
            CommitDatagram(path, length);
        }

        _reservedPath = null;
    }

    /// <summary>Sends everything that the kernel takes now. What it refuses for lack of room waits for the next call.</summary>
    public void Flush()
    {
        FlushSockets();
        if (_dirtyConnections.Count > 0)
        {
            // By index: a connection that fails tells its endpoint, which may write to another one.
            for (int i = 0; i < _dirtyConnections.Count; i++)
            {
                _dirtyConnections[i].Flush();
            }

            _dirtyConnections.Clear();
        }
    }

    private void FlushSockets()
    {
        _reserved = -1;
        for (int i = _dirtySockets.Count - 1; i >= 0; i--)
        {
            UdpSocket socket = _dirtySockets[i];
            FlushSocket(socket);
            if (socket.DirtyHead is null)
            {
                socket.IsListed = false;
                _dirtySockets.RemoveAt(i);
            }
        }

        if (_dirtySockets.Count == 0)
        {
            ResetArena();
        }
    }

    /// <summary>Drops what waits for a socket that is about to close, after a last attempt to send it.</summary>
    public void Detach(UdpSocket socket)
    {
        FlushSocket(socket);
        DropPending(socket);
        socket.IsListed = false;
        _dirtySockets.Remove(socket);
    }

    public void Dispose()
    {
        _arena.Dispose();
        _batch.Dispose();
    }

    private void CommitStream(TcpConnection connection, int length)
    {
        Committed++;
        if (connection.TryEnqueue(new ReadOnlySpan<byte>(_arena.Pointer + _arenaUsed, length)))
        {
            _counters.CountSent(1, length, isInner: false);
        }
        else
        {
            _counters.SendQueueDropped++;
        }

        if (!connection.IsListed)
        {
            connection.IsListed = true;
            _dirtyConnections.Add(connection);
        }
    }

    private void CommitDatagram(DatagramPath path, int length)
    {
        Committed++;
        int index = _packetCount++;
        _packets[index] = new Packet { Offset = _arenaUsed, Length = length, Next = DatagramPath.NoPacket };
        _arenaUsed = (_arenaUsed + length + 15) & ~15;
        if (path.Head != DatagramPath.NoPacket)
        {
            _packets[path.Tail].Next = index;
            path.Tail = index;
            return;
        }

        path.Head = path.Tail = index;
        UdpSocket socket = path.Socket!;
        if (socket.DirtyTail is { } tail)
        {
            tail.NextDirty = path;
        }
        else
        {
            socket.DirtyHead = path;
        }

        socket.DirtyTail = path;
        if (!socket.IsListed)
        {
            socket.IsListed = true;
            _dirtySockets.Add(socket);
        }
    }

    private void FlushSocket(UdpSocket socket)
    {
        while (socket.DirtyHead is not null && !socket.WaitingForRoom)
        {
            Fill(socket);
            int sent = _batch.Send(socket.Descriptor);
            _counters.SendCalls++;
            if (sent < 0)
            {
                Refused(socket, Marshal.GetLastPInvokeError());
                continue;
            }

            for (int i = 0; i < sent; i++)
            {
                Sent(socket, _batch[i]);
            }
        }
    }

    /// <summary>Fills the batch from the socket's waiting datagrams without taking them off their lists.</summary>
    private void Fill(UdpSocket socket)
    {
        _batch.Clear();
        for (DatagramPath? path = socket.DirtyHead; path is not null; path = path.NextDirty)
        {
            int packet = path.Head;
            while (packet != DatagramPath.NoPacket)
            {
                if (_batch.IsFull)
                {
                    return;
                }

                packet = AddRun(socket, path, packet);
            }
        }
    }

    /// <summary>Adds the datagrams from <paramref name="first"/> on that can share a message; returns the one after them.</summary>
    private int AddRun(UdpSocket socket, DatagramPath path, int first)
    {
        int segmentSize = _packets[first].Length;
        int limit = socket.Segmentation && !path.SegmentationRefused ? Math.Min(MaxSegments, _batch.VectorsLeft) : 1;
        int datagrams = 0;
        int bytes = 0;
        int packet = first;
        while (packet != DatagramPath.NoPacket && datagrams < limit)
        {
            ref Packet next = ref _packets[packet];
            if (next.Length > segmentSize || bytes + next.Length > MaxMessageBytes && datagrams > 0)
            {
                break;
            }

            _batch.AddVector(_arena.Pointer + next.Offset, next.Length);
            datagrams++;
            bytes += next.Length;
            packet = next.Next;
            if (next.Length < segmentSize)
            {
                // Only the last segment of a message may be shorter.
                break;
            }
        }

        _batch.AddMessage(path, socket.IsIPv6, datagrams, bytes, datagrams > 1 ? segmentSize : 0);
        return packet;
    }

    private void Sent(UdpSocket socket, in SendBatch.Entry entry)
    {
        _counters.CountSent(entry.Datagrams, entry.Bytes, socket.IsInner);
        if (entry.Segmented)
        {
            socket.SegmentationProved = true;
            _counters.SegmentedRuns++;
            _counters.SegmentedPackets += entry.Datagrams;
        }

        Take(socket, entry);
    }

    /// <summary>The kernel refused the first message of the batch.</summary>
    private void Refused(UdpSocket socket, int error)
    {
        ref readonly SendBatch.Entry entry = ref _batch[0];
        switch (error)
        {
            case Linux.ErrorAgain:
                socket.WaitingForRoom = true;
                return;

            case Linux.ErrorInterrupted:
                return;

            // The device has no checksum offload, or the kernel no such option: never try again on this socket.
            case Linux.ErrorIO or Linux.ErrorNoProtocolOption or Linux.ErrorNotSupported when entry.Segmented:
                socket.Segmentation = false;
                return;

            // Segments do not fit the path's MTU. If no run ever went through, blame the socket.
            case Linux.ErrorInvalid or Linux.ErrorMessageSize when entry.Segmented:
                entry.Path.SegmentationRefused = true;
                socket.Segmentation = socket.SegmentationProved;
                return;

            default:
                _counters.SendErrors += entry.Datagrams;
                Take(socket, entry);
                return;
        }
    }

    /// <summary>Takes a message's datagrams off their path, which is the first of the socket's dirty ones.</summary>
    private void Take(UdpSocket socket, in SendBatch.Entry entry)
    {
        DatagramPath path = entry.Path;
        for (int i = 0; i < entry.Datagrams; i++)
        {
            path.Head = _packets[path.Head].Next;
        }

        if (path.Head == DatagramPath.NoPacket)
        {
            RemoveFirstDirty(socket);
        }
    }

    private void RemoveFirstDirty(UdpSocket socket)
    {
        DatagramPath path = socket.DirtyHead!;
        socket.DirtyHead = path.NextDirty;
        if (socket.DirtyHead is null)
        {
            socket.DirtyTail = null;
        }

        path.NextDirty = null;
        path.Head = path.Tail = DatagramPath.NoPacket;
        if (!path.IsOpen)
        {
            Recycle(path);
        }
    }

    private void Recycle(DatagramPath path)
    {
        path.Socket = null;
        path.Connection = null;
        _freePaths.Push(path.Index);
    }

    private void DropPending()
    {
        foreach (UdpSocket socket in _dirtySockets)
        {
            DropPending(socket);
            socket.IsListed = false;
        }

        _dirtySockets.Clear();
        ResetArena();
    }

    private void DropPending(UdpSocket socket)
    {
        while (socket.DirtyHead is { } path)
        {
            for (int packet = path.Head; packet != DatagramPath.NoPacket; packet = _packets[packet].Next)
            {
                _counters.SendQueueDropped++;
            }

            RemoveFirstDirty(socket);
        }
    }

    private void ResetArena()
    {
#if DEBUG
        // Whoever still writes to a span of the last flush gets caught by the receiver, not by chance.
        new Span<byte>(_arena.Pointer, Math.Min(_arenaUsed, 4096)).Fill(Poison);
#endif
        _arenaUsed = 0;
        _packetCount = 0;
    }

    private struct Packet
    {
        public int Offset;
        public int Length;
        public int Next;
    }
}
