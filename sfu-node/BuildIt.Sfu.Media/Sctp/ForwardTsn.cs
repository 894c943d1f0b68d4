using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Tells the peer to skip what was given up (FORWARD TSN, RFC 3758 section 3.2).</summary>
internal sealed class ForwardTsn(SctpFlight flight)
{
    private const int MaxStreams = 64;

    private uint _said = flight.FirstTsn - 1;

    /// <summary>What was said may not have arrived: it is said again.</summary>
    public void Repeat() => _said = flight.FirstTsn - 1;

    /// <summary>Appends the chunk if there is something to say. False when there is none, or no room.</summary>
    public bool TryWrite(ref SctpPacketWriter packet)
    {
        if (flight.Count == 0 || flight[0].State != OutstandingState.Abandoned)
        {
            return false;
        }

        Span<(ushort Stream, ushort Ssn)> skipped = stackalloc (ushort, ushort)[MaxStreams];
        var streams = 0;
        var count = 0;

        // Only over what is given up: a reported chunk may be part of a message that is still wanted (RFC 3758 section 3.5 rule C2).
        for (; count < flight.Count && flight[count].State == OutstandingState.Abandoned; count++)
        {
            ref readonly var chunk = ref flight[count];
            if (chunk.Message.Unordered)
            {
                continue;
            }

            var known = 0;
            while (known < streams && skipped[known].Stream != chunk.Message.Stream.Id)
            {
                known++;
            }

            if (known == MaxStreams)
            {
                break;
            }

            skipped[known] = (chunk.Message.Stream.Id, chunk.Message.Ssn);
            streams = Math.Max(streams, known + 1);
        }

        var point = flight.FirstTsn + (uint)count - 1;
        var length = 4 + 4 * streams;
        if (Serial.LessOrEqual(point, _said) || length > packet.Room)
        {
            return false;
        }

        var value = packet.Chunk(ChunkType.ForwardTsn, 0, length);
        BinaryPrimitives.WriteUInt32BigEndian(value, point);
        for (var i = 0; i < streams; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value[(4 + 4 * i)..], skipped[i].Stream);
            BinaryPrimitives.WriteUInt16BigEndian(value[(6 + 4 * i)..], skipped[i].Ssn);
        }

        _said = point;
        return true;
    }
}
