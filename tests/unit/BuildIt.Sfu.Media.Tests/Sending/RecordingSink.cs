using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Tests.Sending;

/// <summary>Keeps what a down track sends.</summary>
internal sealed class RecordingSink : IRtpSink
{
    private readonly byte[] _buffer = new byte[4096];

    public List<(byte[] Bytes, SentPacketInfo Info)> Packets { get; } = [];

    /// <summary>Packets sent once more as they were.</summary>
    public List<byte[]> Resent { get; } = [];

    /// <summary>When false, packets are counted only.</summary>
    public bool Keep { get; init; } = true;

    public long Count { get; private set; }

    public Span<byte> Reserve(int capacity) => _buffer.AsSpan(0, capacity);

    public int Commit(Span<byte> reservation, int length, in SentPacketInfo info)
    {
        Count++;
        if (Keep)
            Packets.Add((_buffer[..length], info));
        return length;
    }

    public int Resend(ReadOnlySpan<byte> sent)
    {
        Count++;
        Resent.Add(sent.ToArray());
        return sent.Length;
    }
}
