using System.Buffers.Binary;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Memory;

namespace BuildIt.Sfu.Net.Tcp;

/// <summary>
/// One accepted ICE-TCP connection (RFC 6544) with RFC 4571 framing: two bytes of length, then a datagram. Both
/// directions are bounded. Lives on one loop at a time.
/// </summary>
internal sealed unsafe class TcpConnection : IEpollTarget, IDisposable
{
    private const int FrameHeader = 2;
    private const int ReadCapacity = 16 * 1024;
    private const int WriteCapacity = 256 * 1024;

    private readonly TcpConnections _owner;
    private readonly Epoll _epoll;
    private readonly NativeBlock _read = new(ReadCapacity);
    // Made for the first answer: who has proved nothing gets none, and costs little memory.
    private NativeBlock? _write;
    private readonly int _token;
    private readonly int _descriptor;
    private int _readCount;
    private int _writeStart;
    private int _writeEnd;
    private bool _waitingForRoom;
    private bool _detached;

    public TcpConnection(TcpConnections owner, Epoll epoll, int descriptor, in TransportAddress remote)
    {
        _owner = owner;
        _epoll = epoll;
        _descriptor = descriptor;
        Remote = remote;
        _ = Linux.TrySetOption(descriptor, Linux.LevelTcp, Linux.TcpNoDelay, 1);
        _token = epoll.Add(descriptor, Linux.EpollIn, this);
    }

    public TransportAddress Remote { get; }

    public bool IsClosed { get; private set; }

    /// <summary>Its first frame named a transport of this loop.</summary>
    public bool IsRouted { get; set; }

    /// <summary>A transport opened a path to it, so its life is the transport's business.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Already in the sink's list of connections to flush.</summary>
    public bool IsListed { get; set; }

    public void OnReady(uint events)
    {
        if ((events & Linux.EpollOut) != 0)
        {
            SetWaiting(false);
            Flush();
        }

        if (!IsClosed && (events & ~Linux.EpollOut) != 0)
        {
            Receive();
        }
    }

    /// <summary>Queues one framed datagram; false when it does not fit.</summary>
    public bool TryEnqueue(ReadOnlySpan<byte> datagram)
    {
        int length = datagram.Length + FrameHeader;
        if (IsClosed || _writeEnd - _writeStart + length > WriteCapacity)
        {
            return false;
        }

        _write ??= new NativeBlock(WriteCapacity);
        if (_writeEnd + length > WriteCapacity)
        {
            new Span<byte>(_write.Pointer + _writeStart, _writeEnd - _writeStart).CopyTo(new Span<byte>(_write.Pointer, WriteCapacity));
            _writeEnd -= _writeStart;
            _writeStart = 0;
        }

        var frame = new Span<byte>(_write.Pointer + _writeEnd, length);
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)datagram.Length);
        datagram.CopyTo(frame[FrameHeader..]);
        _writeEnd += length;
        return true;
    }

    /// <summary>Gives the kernel what it takes of the queue.</summary>
    public void Flush()
    {
        IsListed = false;
        while (!IsClosed && !_waitingForRoom && _writeStart < _writeEnd)
        {
            nint sent = Linux.Send(
                _descriptor,
                _write!.Pointer + _writeStart,
                (nuint)(_writeEnd - _writeStart),
                Linux.MessageDontWait | Linux.MessageNoSignal);
            if (sent >= 0)
            {
                _writeStart += (int)sent;
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Linux.ErrorAgain)
            {
                SetWaiting(true);
            }
            else if (error != Linux.ErrorInterrupted)
            {
                _owner.Close(this);
            }
        }

        if (_writeStart == _writeEnd)
        {
            _writeStart = _writeEnd = 0;
        }
    }

    /// <summary>Stops using the descriptor and returns it, with the bytes read so far, for another loop to go on with.</summary>
    public (int Descriptor, byte[] Unread) Detach()
    {
        _detached = true;
        byte[] unread = new ReadOnlySpan<byte>(_read.Pointer, _readCount).ToArray();
        return (_descriptor, unread);
    }

    /// <summary>Goes on where another loop left off.</summary>
    public void Resume(ReadOnlySpan<byte> unread)
    {
        unread.CopyTo(new Span<byte>(_read.Pointer, ReadCapacity));
        _readCount = unread.Length;
        DeliverFrames();
    }

    /// <summary>Leaves epoll at once; memory goes later, as a datagram in it may still be in use.</summary>
    public void MarkClosed()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            _epoll.Remove(_descriptor, _token);
            if (!_detached)
            {
                _ = Linux.Close(_descriptor);
                _owner.Released();
            }
        }
    }

    public void Dispose()
    {
        MarkClosed();
        _read.Dispose();
        _write?.Dispose();
    }

    private void Receive()
    {
        nint received = Linux.Receive(
            _descriptor, _read.Pointer + _readCount, (nuint)(ReadCapacity - _readCount), Linux.MessageDontWait);
        if (received > 0)
        {
            _readCount += (int)received;
            DeliverFrames();
        }
        else if (received == 0 || Marshal.GetLastPInvokeError() is not (Linux.ErrorAgain or Linux.ErrorInterrupted))
        {
            _owner.Close(this);
        }
    }

    private void DeliverFrames()
    {
        int start = 0;
        while (!IsClosed && _readCount - start >= FrameHeader)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(_read.Pointer + start, FrameHeader));
            if (length > ReadCapacity - FrameHeader)
            {
                _owner.Close(this);
                return;
            }

            if (_readCount - start < FrameHeader + length)
            {
                break;
            }

            if (length > 0 && !_owner.Deliver(this, new Span<byte>(_read.Pointer + start + FrameHeader, length)))
            {
                return;
            }

            start += FrameHeader + length;
        }

        if (!IsClosed && start > 0)
        {
            new Span<byte>(_read.Pointer + start, _readCount - start).CopyTo(new Span<byte>(_read.Pointer, ReadCapacity));
            _readCount -= start;
        }
    }

    private void SetWaiting(bool waiting)
    {
        if (_waitingForRoom != waiting)
        {
            _waitingForRoom = waiting;
            _epoll.Modify(_descriptor, Linux.EpollIn | (waiting ? Linux.EpollOut : 0), _token);
        }
    }
}
