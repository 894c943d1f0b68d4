using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Rooms.Base;

/// <summary>Where a participant's signal messages go. Called on the room's loop; must not block.</summary>
public interface ISignalSink
{
    /// <summary>Queues a message. When the client is too slow to take it, the sink closes itself and drops the rest.</summary>
    void Send(OutboundSignal message);

    /// <summary>The participant's media is connected for the first time.</summary>
    void MediaReady()
    {
    }

    /// <summary>Closes the connection once everything queued has been written.</summary>
    void Close();

    /// <summary>Breaks the connection at once, as a network failure would.</summary>
    void Abort();
}

/// <summary>
/// A message to one or many clients. It is serialised once per format, by whichever connection writes it first; the message must
/// not be changed after it was handed out.
/// </summary>
public sealed class OutboundSignal(SignalResponse message)
{
    private byte[]? _binary;
    private string? _json;
    private int _size;

    public SignalResponse Message { get; } = message;

    // Two connections may serialise at the same time; both get the same bytes and one copy is kept.
    public ReadOnlyMemory<byte> Binary => _binary ??= Message.ToByteArray();

    /// <summary>Length in the binary format.</summary>
    public int Size => _size > 0 ? _size : _size = Message.CalculateSize();

    public string Json => _json ??= WireCodec.Format(Message);

    public static implicit operator OutboundSignal(SignalResponse message) => new(message);
}
