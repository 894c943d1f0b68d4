using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Memory;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>
/// The arrays of one sendmmsg call: messages, their addresses, vectors that point to the datagrams (so nothing is copied) and
/// control data. Native memory, built anew for each call.
/// </summary>
internal sealed unsafe class SendBatch : IDisposable
{
    public const int MaxMessages = 256;
    public const int MaxVectors = 1024;

    // Room for a UDP_SEGMENT (24 bytes) and a packet-info (40 bytes) message.
    private const int ControlStride = 64;
    private const int SegmentControlLength = 16 + sizeof(ushort);
    private const int SegmentControlSpace = 24;

    private readonly NativeBlock _memory = new(
        MaxMessages * (sizeof(MultiMessageHeader) + 32 + ControlStride) + MaxVectors * sizeof(IoVector));

    private readonly MultiMessageHeader* _messages;
    private readonly byte* _addresses;
    private readonly byte* _control;
    private readonly IoVector* _vectors;
    private readonly Entry[] _entries = new Entry[MaxMessages];
    private int _vectorCount;
    private int _messageStart;

    public SendBatch()
    {
        _messages = (MultiMessageHeader*)_memory.Pointer;
        _addresses = (byte*)(_messages + MaxMessages);
        _control = _addresses + MaxMessages * 32;
        _vectors = (IoVector*)(_control + MaxMessages * ControlStride);
    }

    public int Count { get; private set; }

    public int VectorsLeft => MaxVectors - _vectorCount;

    public bool IsFull => Count == MaxMessages || _vectorCount == MaxVectors;

    public ref readonly Entry this[int index] => ref _entries[index];

    public void Clear()
    {
        Count = 0;
        _vectorCount = 0;
        _messageStart = 0;
    }

    /// <summary>Adds one datagram to the message being built. Where it lies right behind the one before, the kernel is told of both as one.</summary>
    public void AddVector(byte* data, int length)
    {
        if (_vectorCount > _messageStart && (byte*)_vectors[_vectorCount - 1].Base + _vectors[_vectorCount - 1].Length == data)
        {
            _vectors[_vectorCount - 1].Length += (nuint)length;
            return;
        }

        ref IoVector vector = ref _vectors[_vectorCount++];
        vector.Base = data;
        vector.Length = (nuint)length;
    }

    /// <summary>
    /// Closes the message whose vectors were added since the last one. <paramref name="segmentSize"/> is the size of all
    /// its datagrams but the last, or 0 for a single datagram.
    /// </summary>
    public void AddMessage(DatagramPath path, bool ipv6, int datagrams, int bytes, int segmentSize)
    {
        int index = Count++;
        byte* name = _addresses + index * 32;
        *(SocketAddressStorage*)name = path.Address;
        byte* control = _control + index * ControlStride;
        int controlLength = 0;
        if (segmentSize > 0)
        {
            ControlHeader* header = (ControlHeader*)control;
            header->Length = SegmentControlLength;
            header->Level = Linux.LevelUdp;
            header->Type = Linux.UdpSegment;
            *(ushort*)(control + sizeof(ControlHeader)) = (ushort)segmentSize;
            controlLength = SegmentControlSpace;
        }

        if (path.Local.IsKnown)
        {
            controlLength += PacketInfo.Write(control + controlLength, path.Local, ipv6);
        }

        ref MultiMessageHeader message = ref _messages[index];
        message.Header.Name = name;
        message.Header.NameLength = SocketAddressCodec.Length(ipv6);
        message.Header.Vectors = _vectors + _messageStart;
        message.Header.VectorCount = (nuint)(_vectorCount - _messageStart);
        message.Header.Control = controlLength == 0 ? null : control;
        message.Header.ControlLength = (nuint)controlLength;
        message.Header.Flags = 0;
        message.Length = 0;
        _messageStart = _vectorCount;
        _entries[index] = new Entry(path, datagrams, bytes, segmentSize > 0);
    }

    /// <summary>sendmmsg. Returns how many messages went, or -1 with the error in the last P/Invoke error.</summary>
    public int Send(int descriptor) =>
        Linux.SendMessages(descriptor, _messages, (uint)Count, Linux.MessageDontWait | Linux.MessageNoSignal);

    public void Dispose() => _memory.Dispose();

    public readonly record struct Entry(DatagramPath Path, int Datagrams, int Bytes, bool Segmented);
}
