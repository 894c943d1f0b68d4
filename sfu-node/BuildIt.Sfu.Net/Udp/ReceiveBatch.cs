using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Memory;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>The arrays of one recvmmsg call; shared by all sockets of a loop, which handles each batch before the next.</summary>
internal sealed unsafe class ReceiveBatch : IDisposable
{
    public const int Capacity = 32;

    // A coalesced message (UDP_GRO) is as large as a datagram can be. Only pages that are written take memory.
    private const int BufferSize = 65536;
    private const int AddressStride = 32;
    private const int ControlStride = 128;

    private readonly NativeBlock _memory = new(
        Capacity * (BufferSize + sizeof(MultiMessageHeader) + sizeof(IoVector) + AddressStride + ControlStride));

    private readonly MultiMessageHeader* _messages;
    private readonly byte* _addresses;
    private readonly byte* _control;

    public ReceiveBatch()
    {
        byte* buffers = _memory.Pointer;
        _messages = (MultiMessageHeader*)(buffers + Capacity * BufferSize);
        IoVector* vectors = (IoVector*)(_messages + Capacity);
        _addresses = (byte*)(vectors + Capacity);
        _control = _addresses + Capacity * AddressStride;
        for (int i = 0; i < Capacity; i++)
        {
            vectors[i].Base = buffers + i * BufferSize;
            vectors[i].Length = BufferSize;
            _messages[i].Header.Name = _addresses + i * AddressStride;
            _messages[i].Header.Vectors = vectors + i;
            _messages[i].Header.VectorCount = 1;
            _messages[i].Header.Control = _control + i * ControlStride;
        }
    }

    /// <summary>recvmmsg. Returns the number of messages, or -1 with the error in the last P/Invoke error.</summary>
    public int Receive(int descriptor)
    {
        for (int i = 0; i < Capacity; i++)
        {
            // The kernel writes the lengths it used over those it was given.
            _messages[i].Header.NameLength = SocketAddressCodec.LengthIPv6;
            _messages[i].Header.ControlLength = ControlStride;
            _messages[i].Header.Flags = 0;
        }

        return Linux.ReceiveMessages(descriptor, _messages, Capacity, Linux.MessageDontWait, null);
    }

    public ReceivedMessage Read(int index)
    {
        ref MultiMessageHeader message = ref _messages[index];
        int segment = (int)message.Length;
        LocalAddress local = default;
        TimeSpec arrival = default;
        byte* control = (byte*)message.Header.Control;
        byte* end = control + message.Header.ControlLength;
        while (control + sizeof(ControlHeader) <= end)
        {
            ControlHeader* header = (ControlHeader*)control;
            if (header->Length < (nuint)sizeof(ControlHeader))
            {
                break;
            }

            if (header->Level == Linux.LevelUdp && header->Type == Linux.UdpGro)
            {
                segment = *(int*)(control + sizeof(ControlHeader));
            }
            else if (header->Level == Linux.LevelSocket && header->Type == Linux.SoTimestampNanoseconds)
            {
                arrival = *(TimeSpec*)(control + sizeof(ControlHeader));
            }
            else
            {
                _ = PacketInfo.TryRead(header, out LocalAddress found) && (local = found).IsKnown;
            }

            control += ((int)header->Length + 7) & ~7;
        }

        return new ReceivedMessage(
            message.Header.Vectors->Base,
            (int)message.Length,
            segment,
            (message.Header.Flags & Linux.MessageTruncated) != 0,
            (SocketAddressStorage*)message.Header.Name,
            local,
            arrival);
    }

    public void Dispose() => _memory.Dispose();
}

/// <summary>One received message: a datagram, or with UDP_GRO several of <see cref="SegmentSize"/> bytes, the last maybe shorter.</summary>
internal readonly unsafe struct ReceivedMessage(
    byte* data, int length, int segmentSize, bool truncated, SocketAddressStorage* from, LocalAddress local, TimeSpec arrival)
{
    public readonly byte* Data = data;
    public readonly int Length = length;
    public readonly int SegmentSize = segmentSize;
    public readonly bool Truncated = truncated;
    public readonly SocketAddressStorage* From = from;
    public readonly LocalAddress Local = local;

    /// <summary>When the kernel took it, by the system's clock; zero when it was not asked to say.</summary>
    public readonly TimeSpec Arrival = arrival;
}
