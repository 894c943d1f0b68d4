using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Reads and writes INIT and INIT ACK (RFC 9260 sections 3.3.2 and 3.3.3).</summary>
internal static class HandshakeChunks
{
    /// <summary>Fixed fields without the chunk header.</summary>
    private const int FixedSize = SctpConstants.InitHeaderSize - SctpConstants.ChunkHeaderSize;

    /// <summary>FORWARD-TSN-Supported, Supported-Extensions with two types, Zero-Checksum-Acceptable.</summary>
    private const int CapabilitiesSize = 4 + 8 + 8;

    /// <summary>RFC 9260 section 3.3.2: smallest window a peer may announce.</summary>
    private const uint SmallestWindow = 1500;

    /// <summary>A peer's cookie is echoed as it is; a larger one is no cookie of a WebRTC stack.</summary>
    public const int MaxCookie = 1024;

    public static int Length(SctpOptions options, int cookie) =>
        FixedSize + CapabilitiesSize - (options.ZeroChecksum ? 0 : 8) + (cookie > 0 ? 4 + cookie : 0);

    public static void Write(Span<byte> value, SctpOptions options, uint tag, uint tsn, ReadOnlySpan<byte> cookie)
    {
        BinaryPrimitives.WriteUInt32BigEndian(value, tag);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], (uint)options.ReceiveBuffer);
        BinaryPrimitives.WriteUInt16BigEndian(value[8..], options.MaxStreams);
        BinaryPrimitives.WriteUInt16BigEndian(value[10..], options.MaxStreams);
        BinaryPrimitives.WriteUInt32BigEndian(value[12..], tsn);
        value = value[FixedSize..];
        if (!cookie.IsEmpty)
        {
            WriteHeader(value, ParameterType.StateCookie, 4 + cookie.Length);
            cookie.CopyTo(value[4..]);
            value = value[(4 + cookie.Length)..];
        }

        WriteHeader(value, ParameterType.ForwardTsnSupported, 4);
        value = value[4..];
        WriteHeader(value, ParameterType.SupportedExtensions, 6);
        value[4] = (byte)ChunkType.Reconfig;
        value[5] = (byte)ChunkType.ForwardTsn;
        value[6..8].Clear();
        value = value[8..];
        if (options.ZeroChecksum)
        {
            WriteHeader(value, ParameterType.ZeroChecksumAcceptable, 8);
            BinaryPrimitives.WriteUInt32BigEndian(value[4..], SctpConstants.ZeroChecksumOverDtls);
        }
    }

    /// <summary>Reads the peer's half; false when it is not acceptable (sections 5.1 and 5.1.2).</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, SctpOptions options, out HandshakeParameters parameters, out ReadOnlySpan<byte> cookie)
    {
        parameters = default;
        cookie = default;
        if (value.Length < FixedSize)
        {
            return false;
        }

        var inbound = BinaryPrimitives.ReadUInt16BigEndian(value[10..]);
        parameters = new HandshakeParameters
        {
            PeerTag = BinaryPrimitives.ReadUInt32BigEndian(value),
            PeerWindow = BinaryPrimitives.ReadUInt32BigEndian(value[4..]),
            OutgoingStreams = Math.Min(inbound, options.MaxStreams),
            PeerTsn = BinaryPrimitives.ReadUInt32BigEndian(value[12..]),
        };
        var outbound = BinaryPrimitives.ReadUInt16BigEndian(value[8..]);
        if (parameters.PeerTag == 0 || inbound == 0 || outbound == 0 || parameters.PeerWindow < SmallestWindow)
        {
            return false;
        }

        var rest = value[FixedSize..];
        while (SctpPacketReader.TryTake(ref rest, out var type, out var parameter))
        {
            switch ((ParameterType)type)
            {
                case ParameterType.StateCookie:
                    cookie = parameter;
                    break;
                case ParameterType.ForwardTsnSupported:
                    parameters = parameters with { ForwardTsn = true };
                    break;
                case ParameterType.SupportedExtensions:
                    parameters = parameters with
                    {
                        Reconfig = parameter.Contains((byte)ChunkType.Reconfig),
                        ForwardTsn = parameters.ForwardTsn || parameter.Contains((byte)ChunkType.ForwardTsn),
                    };
                    break;
                case ParameterType.ZeroChecksumAcceptable when parameter.Length >= 4:
                    parameters = parameters with
                    {
                        ZeroChecksum = BinaryPrimitives.ReadUInt32BigEndian(parameter) == SctpConstants.ZeroChecksumOverDtls,
                    };
                    break;
                default:
                    // Section 3.2.1: a clear highest bit means "do not process further parameters".
                    if ((type & 0x8000) == 0 && type is not (5 or 6 or 9 or 11 or 12))
                    {
                        return true;
                    }

                    break;
            }
        }

        return cookie.Length <= MaxCookie;
    }

    private static void WriteHeader(Span<byte> parameter, ParameterType type, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(parameter, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(parameter[2..], (ushort)length);
    }
}
