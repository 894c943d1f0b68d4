using System.Buffers.Binary;
using System.Text;

namespace BuildIt.Sfu.Media.DataChannels;

/// <summary>DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK (RFC 8832 section 5).</summary>
internal static class OpenMessage
{
    public const byte AckType = 0x02;
    public const byte OpenType = 0x03;
    private const int HeaderSize = 12;
    private const int MaxTextLength = 256;

    private const byte Unordered = 0x80;
    private const byte LimitedRetransmits = 0x01;
    private const byte LimitedLifetime = 0x02;

    public static byte[] Write(string label, DataChannelSettings settings)
    {
        var labelBytes = Encoding.UTF8.GetBytes(label);
        var protocolBytes = Encoding.UTF8.GetBytes(settings.Protocol);
        var message = new byte[HeaderSize + labelBytes.Length + protocolBytes.Length];
        var (reliability, parameter) = settings switch
        {
            { MaxRetransmits: { } count } => (LimitedRetransmits, (uint)count),
            { MaxLifetime: { } lifetime } => (LimitedLifetime, (uint)lifetime.TotalMilliseconds),
            _ => ((byte)0, 0u),
        };
        message[0] = OpenType;
        message[1] = (byte)(reliability | (settings.Ordered ? 0 : Unordered));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), parameter);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(8), (ushort)labelBytes.Length);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)protocolBytes.Length);
        labelBytes.CopyTo(message, HeaderSize);
        protocolBytes.CopyTo(message, HeaderSize + labelBytes.Length);
        return message;
    }

    /// <summary>False for anything malformed, and for labels no client of ours has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out string label, out DataChannelSettings settings)
    {
        label = "";
        settings = DataChannelSettings.Reliable;
        if (message.Length < HeaderSize)
        {
            return false;
        }

        int labelLength = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        int protocolLength = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        if (labelLength > MaxTextLength || protocolLength > MaxTextLength || message.Length < HeaderSize + labelLength + protocolLength)
        {
            return false;
        }

        var type = message[1];
        var parameter = BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        label = Encoding.UTF8.GetString(message.Slice(HeaderSize, labelLength));
        settings = new DataChannelSettings
        {
            Ordered = (type & Unordered) == 0,
            MaxRetransmits = (type & 0x7F) == LimitedRetransmits ? (int)Math.Min(parameter, int.MaxValue - 1) : null,
            MaxLifetime = (type & 0x7F) == LimitedLifetime ? TimeSpan.FromMilliseconds(parameter) : null,
            Protocol = Encoding.UTF8.GetString(message.Slice(HeaderSize + labelLength, protocolLength)),
        };
        if (settings.IsPartiallyReliable)
        {
            settings = settings with { MaxBuffered = DataChannelSettings.Lossy.MaxBuffered };
        }

        return (type & 0x7F) <= LimitedLifetime;
    }
}
