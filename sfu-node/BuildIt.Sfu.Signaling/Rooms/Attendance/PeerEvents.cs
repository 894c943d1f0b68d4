using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>What media tells about one participant, turned into messages and state.</summary>
internal sealed class PeerEvents(
    Participant participant,
    RoomMembers members,
    RoomTracks tracks,
    MediaConnections connections,
    TrackPublisher publishing,
    SubscriptionEngine subscriptions,
    DataRelay data,
    DataTrackRelay dataTracks,
    LimitReports reports) : IMediaPeerEvents
{
    private uint _offerId;

    public void OnOffer(string sdp, IReadOnlyDictionary<string, string> midToTrack, Instant now)
    {
        var offer = new SessionDescription { Type = "offer", Sdp = sdp, Id = ++_offerId };
        offer.MidToTrackId.Add(midToTrack.ToDictionary());
        participant.Send(new SignalResponse { Offer = offer });
    }

    public void OnMediaSectionsRequired(int audio, int video, Instant now)
    {
        var required = new MediaSectionsRequirement { NumAudios = (uint)audio, NumVideos = (uint)video };
        if (participant.HeldNews is { } news)
        {
            news.Sections = required;
        }
        else
        {
            participant.Send(new SignalResponse { MediaSectionsRequirement = required });
        }
    }

    public void OnConnectionState(PeerTarget target, PeerConnectionState state, Instant now)
    {
        if (state == PeerConnectionState.Failed && members.Has(participant))
        {
            connections.Failed(participant, now);
        }
    }

    public void OnReady(Instant now) => connections.Ready(participant, now);

    public void OnTrackNegotiated(TrackSid track, string cid, string mid, string mimeType, Instant now) =>
        publishing.Negotiated(participant, track, cid, mid, mimeType, now);

    public void OnTrackStarted(TrackSid track, Instant now)
    {
        // Others already see the track: it was published when it was negotiated.
    }

    public void OnTrackEnded(TrackSid track, Instant now) => publishing.Ended(participant, track, now);

    public void OnSubscribed(TrackSid track, Instant now) => subscriptions.TellFirst(track);

    public void OnSubscriptionFailed(TrackSid track, SubscriptionFailure reason, Instant now) =>
        SubscriptionEngine.Failed(participant, track, reason);

    public void OnWantedQualities(TrackSid track, IReadOnlyList<WantedCodec> codecs, Instant now)
    {
        if (!participant.Tracks.TryGetValue(track.Value, out var published))
        {
            return;
        }

        var update = new SubscribedQualityUpdate { TrackSid = track.Value };
        foreach (var codec in codecs)
        {
            var entry = new SubscribedCodec { Codec = codec.Codec };
            for (var quality = VideoQuality.Low; quality <= VideoQuality.High; quality++)
            {
                var enabled = codec.Highest != VideoQualityLevel.Off && (int)quality <= (int)codec.Highest;
                entry.Qualities.Add(new SubscribedQuality { Quality = quality, Enabled = enabled });
            }

            update.SubscribedCodecs.Add(entry);
        }

        if (update.SubscribedCodecs.Count > 0)
        {
            update.SubscribedQualities.AddRange(update.SubscribedCodecs[0].Qualities);
        }

        published.WantedQualities = new SignalResponse { SubscribedQualityUpdate = update };
        participant.Send(published.WantedQualities);
    }

    public void OnStreamState(TrackSid track, TrackStreamState state, Instant now)
    {
        if (tracks.Find(track.Value) is { } published)
        {
            subscriptions.StreamState(participant, published, state == TrackStreamState.Paused);
        }
    }

    public void OnLimited(ClientLimit limit, Instant now) => reports.Count(participant, limit, now);

    public void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
        if (channel == DataChannelKind.DataTrack)
        {
            dataTracks.FromClient(participant, message, now);
        }
        else
        {
            data.FromClient(participant, channel, message, now);
        }
    }
}
