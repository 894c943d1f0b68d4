using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using Body = BuildIt.Sfu.Signaling.Protocol.Relay.RelayMessage.BodyOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>Acts on what other nodes say of the room and of who is there, and passes it on. Used on the room's loop.</summary>
internal sealed class RelayReader(
    RoomMembers members,
    RoomLinks links,
    RemoteMembers remoteMembers,
    RemoteTracks remoteTracks,
    RelayedDataReader data,
    RelayNews news,
    RelayRefresh refresh,
    ReceiverNews receiverNews,
    Departures departures,
    RoomUpdates updates)
{
    public void Read(RoomLink link, RelayMessage message, DataChannelKind channel, Instant now)
    {
        switch (message.BodyCase)
        {
            case Body.Room:
                if (news.Take(message.Room, link, now))
                {
                    updates.Send(now);
                }

                break;
            case Body.Member when message.Member.Info is not null && !link.IsRetiring:
                remoteMembers.Hear(link, message, now);
                break;
            case Body.MemberGone:
                if (remoteMembers.HearGone(link, message, now))
                {
                    refresh.Ask(now);
                }

                break;
            case Body.Track:
                HearTrack(link, message.Track, now);
                break;
            case Body.Data:
                data.Hear(link, message, channel, now);
                break;
            case Body.DataTrack:
                data.HearTrack(link, message, now);
                break;
            case Body.DataTrackDemand:
                data.HearDemand(link, message.DataTrackDemand, now);
                break;
            case Body.Quality:
                HearQuality(link, message, now);
                break;
            case Body.SimulatedSpeaker:
                HearSpeaker(link, message, now);
                break;
            case Body.Refresh:
                refresh.Hear(link, message, now);
                break;
            case Body.Revocation:
                departures.Revoke(message.Revocation.Identity, RelayConversion.TimeOf(message.Revocation.NotBeforeMs), now);
                links.Pass(message, link, now);
                break;
            default:
                // Newer than this node.
                break;
        }
    }

    private void HearTrack(RoomLink link, TrackStreams said, Instant now)
    {
        if (link.TryKeepStreams(said) && members.FindSessionElsewhere(said.ParticipantSid) is { } publisher)
        {
            remoteTracks.Receive(link, publisher, said.TrackSid, now);
        }
    }

    private void HearQuality(RoomLink link, RelayMessage message, Instant now)
    {
        var said = message.Quality;
        if (members.FindSessionElsewhere(said.Sid) is { } member && member.Via == link)
        {
            receiverNews.QualityChanged(member, new ConnectionQualityInfo { ParticipantSid = said.Sid, Quality = said.Quality, Score = said.Score });
            links.Pass(message, link, now);
        }
    }

    private void HearSpeaker(RoomLink link, RelayMessage message, Instant now)
    {
        if (members.FindSessionElsewhere(message.SimulatedSpeaker.Sid) is { } member && member.Via == link)
        {
            receiverNews.SimulateSpeaker(member, message.SimulatedSpeaker.Speaks);
            links.Pass(message, link, now);
        }
    }
}
