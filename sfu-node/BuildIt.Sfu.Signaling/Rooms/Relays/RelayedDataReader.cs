using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using RoomState = BuildIt.Sfu.Signaling.Rooms.Members.RoomState;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>Takes the data that other nodes pass, and what they say of their wish for it. Used on the room's loop.</summary>
internal sealed class RelayedDataReader(
    RoomState state, ClientLimits limits, RelayNumbers numbers, RelayedData relayed, DataDemand demand, DataRelay data, DataTrackRelay dataTracks)
{
    public void Hear(RoomLink link, RelayMessage message, DataChannelKind channel, Instant now)
    {
        if (message.Data.Packet.Length > limits.DataMessageBytes * 2
            || !WireCodec.TryParse(message.Data.Packet.Span, DataPacket.Parser, out var packet))
        {
            return;
        }

        var destinations = new Destinations(packet);
        if (!link.Allowance.TryDeliver(state.Members.Here.Count(destinations.Include), now))
        {
            link.Exceeded(channel, now);
            return;
        }

        var encoded = message.Data.Packet.ToByteArray();
        if (message.Data.From.Length == 0)
        {
            if (!numbers.IsNewData(message.Data.Id))
            {
                return;
            }

            data.FromServer(packet, encoded, channel, now);
        }
        else if (state.Members.FindSessionElsewhere(message.Data.From) is { } sender && sender.Via == link)
        {
            if (sender.Identity != packet.ParticipantIdentity && !sender.Hidden)
            {
                return;
            }

            data.FromNode(sender, packet, encoded, channel, now);
        }
        else
        {
            return;
        }

        relayed.Pass(message, destinations, channel, link, now);
    }

    /// <summary>A packet of a data track.</summary>
    public void HearTrack(RoomLink link, RelayMessage message, Instant now)
    {
        var said = message.DataTrack;
        if (state.Tracks.FindData(said.TrackSid) is { Publisher: RemoteMember publisher } track && publisher.Via == link)
        {
            dataTracks.Deliver(track, said.Packet.Span, now);
            relayed.Send(track, said.Packet.Span, now, link, message.Hops + 1);
        }
    }

    /// <summary>Somebody behind the link begins or ceases to receive a data track.</summary>
    public void HearDemand(RoomLink link, DataTrackDemand said, Instant now)
    {
        if (state.Tracks.FindData(said.TrackSid) is { } track
            && (track.Publisher as RemoteMember)?.Via != link
            && link.SetWanted(said.TrackSid, said.Wanted))
        {
            demand.Changed(track, now);
        }
    }
}
