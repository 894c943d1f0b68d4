using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>Passes data to the nodes where somebody is to receive it. Used on the room's loop.</summary>
internal sealed class RelayedData(RoomMembers members, RoomLinks links, RelayNumbers numbers)
{
    /// <summary>Passes a data message of a member here, or of the server when <paramref name="from"/> is default, to those it is for.</summary>
    public void Send(ParticipantSid from, Destinations destinations, byte[] encoded, DataChannelKind channel, Instant now)
    {
        if (links.All.Length > 0)
        {
            var message = new RelayMessage { Data = new Protocol.Relay.Data { From = from.Value ?? "", Packet = UnsafeByteOperations.UnsafeWrap(encoded) } };
            if (from == default)
            {
                message.Data.Id = numbers.Next();
            }

            Send(message, destinations, channel, null, now);
        }
    }

    /// <summary>Passes on what another node sent.</summary>
    public void Pass(RelayMessage message, Destinations destinations, DataChannelKind channel, RoomLink from, Instant now)
    {
        message.Hops++;
        Send(message, destinations, channel, from, now);
    }

    /// <summary>Passes a packet of a data track to the nodes where it is received.</summary>
    public void Send(DataTrack track, ReadOnlySpan<byte> packet, Instant now, RoomLink? except = null, uint hops = 0)
    {
        RelayMessage? message = null;
        foreach (var link in links.All)
        {
            if (link != except && link.IsUp && link.Wants(track.Info.Sid))
            {
                message ??= new RelayMessage
                {
                    Hops = hops,
                    DataTrack = new DataTrackPacket { TrackSid = track.Info.Sid, Packet = ByteString.CopyFrom(packet) },
                };
                link.Send(message, now, DataChannelKind.DataTrack, track.Publisher.Sid);
            }
        }
    }

    private void Send(RelayMessage message, Destinations destinations, DataChannelKind channel, RoomLink? except, Instant now)
    {
        foreach (var link in links.All)
        {
            if (link != except && link.IsUp && (!destinations.AreNamed || members.Elsewhere.Any(member => member.Via == link && destinations.Include(member))))
            {
                link.Send(message, now, channel, message.Data.From.Length > 0 ? new ParticipantSid(message.Data.From) : default);
            }
        }
    }
}
