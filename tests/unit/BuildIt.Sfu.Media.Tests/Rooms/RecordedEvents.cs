using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>What a peer without media was told of its tracks.</summary>
internal sealed class RecordedEvents : IMediaPeerEvents
{
    public List<(TrackSid Track, string Mid)> Negotiated { get; } = [];

    public List<TrackSid> Ended { get; } = [];

    public List<TrackSid> Subscribed { get; } = [];

    public List<SubscriptionFailure> Failures { get; } = [];

    /// <summary>The node's own offers, oldest first.</summary>
    public List<string> Offers { get; } = [];

    /// <summary>The codecs that were last said to be watched.</summary>
    public IReadOnlyList<WantedCodec> Wanted { get; private set; } = [];

    public void OnTrackNegotiated(TrackSid track, string cid, string mid, string mimeType, Instant now) => Negotiated.Add((track, mid));

    public void OnTrackEnded(TrackSid track, Instant now) => Ended.Add(track);

    public void OnOffer(string sdp, IReadOnlyDictionary<string, string> midToTrack, Instant now) => Offers.Add(sdp);

    public void OnMediaSectionsRequired(int audio, int video, Instant now)
    {
    }

    public void OnConnectionState(PeerTarget target, PeerConnectionState state, Instant now)
    {
    }

    public void OnReady(Instant now)
    {
    }

    public void OnTrackStarted(TrackSid track, Instant now)
    {
    }

    public void OnSubscribed(TrackSid track, Instant now) => Subscribed.Add(track);

    public void OnSubscriptionFailed(TrackSid track, SubscriptionFailure reason, Instant now) => Failures.Add(reason);

    public void OnWantedQualities(TrackSid track, IReadOnlyList<WantedCodec> codecs, Instant now) => Wanted = codecs;

    public void OnStreamState(TrackSid track, TrackStreamState state, Instant now)
    {
    }

    public void OnLimited(ClientLimit limit, Instant now)
    {
    }

    public void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
    }
}
