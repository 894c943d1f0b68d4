using System.Text.RegularExpressions;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Bench.Signals;

/// <summary>One measured form of a message.</summary>
/// <param name="Message">Its name in signal.proto.</param>
/// <param name="Form">What makes it dear, in words.</param>
/// <param name="Make">Makes it for the one who sends it.</param>
internal sealed record SignalForm(string Message, string Form, Func<BenchClient, SignalRequest> Make)
{
    /// <summary>Sent by a client with two connections.</summary>
    public bool Dual { get; init; }

    /// <summary>Sent by an ordinary member: media that is negotiated without a network fails after a while, and the session with it.</summary>
    public bool Negotiates { get; init; }

    /// <summary>The session is over with it.</summary>
    public bool Ends { get; init; }
}

/// <summary>Every message of <c>SignalRequest</c> in the dearest form that is accepted, and those that are not carried out at all.</summary>
internal sealed class SignalForms(string offer, IReadOnlyList<BenchClient> members)
{
    private const int Entries = 10_000;

    private readonly string[] _unknown = [.. Enumerable.Range(0, Entries).Select(i => $"TR_{i:00000000}")];

    private IEnumerable<string> Known => members.SelectMany(member => member.Tracks).Concat(_unknown).Take(Entries);

    private IEnumerable<string> KnownData => members.SelectMany(member => member.DataTracks).Take(Entries);

    public IEnumerable<SignalForm> All =>
    [
        new("offer", "1 MB, a browser's video section again and again", _ => new() { Offer = new() { Type = "offer", Sdp = Repeat(offer) } }) { Negotiates = true },
        new("answer", "for 200 tracks", c => new() { Answer = new() { Type = "answer", Sdp = c.Answer } }) { Dual = true },
        new("subscription", "196 tracks beside 200; the turn is the node's offer of all", _ => Subscribe(true)) { Dual = true },
        new("trickle", "4 KB", _ => new() { Trickle = new() { CandidateInit = $$"""{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","x":"{{new string('x', 3900)}}"}""" } }),
        new("add_track", "8 codecs of 8 layers", _ => new() { AddTrack = Dear() }),
        new("mute", "told to all", c => new() { Mute = new() { Sid = c.Tracks[0], Muted = !c.Muted() } }),
        new("subscription", "10,000 names, 396 tracks dropped", _ => Subscribe(false)),
        new("subscription", "10,000 names, 396 tracks wanted again", _ => Subscribe(true)),
        new("track_setting", "10,000 names", _ => new() { TrackSetting = new() { TrackSids = { Known } } }),
        new("update_layers", "10,000 layers, ignored", c => new() { UpdateLayers = new() { TrackSid = c.Tracks[0], Layers = { Enumerable.Repeat(new VideoLayer { Width = 1, Height = 1 }, Entries) } } }),
        new("subscription_permission", "nobody may, 10,000 entries", _ => new() { SubscriptionPermission = new() { TrackPermissions = { _unknown.Select(name => new TrackPermission { ParticipantIdentity = name, AllTracks = true }) } } }),
        new("subscription_permission", "everybody may again", _ => new() { SubscriptionPermission = new() { AllParticipants = true } }),
        new("sync_state", "10,000 of each", c => new() { SyncState = State(c) }),
        new("sync_state", "10,000 times one's own sid", c => new() { SyncState = new() { DatachannelReceiveStates = { Enumerable.Repeat(new DataChannelReceiveState { PublisherSid = c.Sid.Value }, Entries) } } }),
        new("update_metadata", "500 kB, told to all", c => new() { UpdateMetadata = new() { Metadata = new string('m', 500_000) + c.Identity } }),
        new("update_audio_track", "32 features, told to all", c => new() { UpdateAudioTrack = new() { TrackSid = c.Tracks[0], Features = { Enumerable.Repeat(c.Muted() ? AudioTrackFeature.TfStereo : AudioTrackFeature.TfNoDtx, 32) } } }),
        new("update_video_track", "told to all", c => new() { UpdateVideoTrack = new() { TrackSid = c.Tracks[0], Width = c.Muted() ? 1u : 2u, Height = 1 } }),
        new("unpublish_data_track_request", "of 10,000 data tracks that all receive", c => new() { UnpublishDataTrackRequest = new() { PubHandle = c.Handle-- } }),
        new("publish_data_track_request", "the last of 10,000 that all receive, names of 256 characters", c => new() { PublishDataTrackRequest = Data(++c.Handle) }),
        new("update_data_subscription", "10,000 data tracks dropped", _ => SubscribeData(false)),
        new("update_data_subscription", "10,000 data tracks wanted again", _ => SubscribeData(true)),
        new("store_data_blob_request", "1.9 MB, refused", _ => new() { StoreDataBlobRequest = new() { Blob = new() { Contents = ByteString.CopyFrom(new byte[1_900_000]) } } }),
        new("get_data_blob_request", "refused", _ => new() { GetDataBlobRequest = new() }),
        new("simulate", "speaker_update, told to all", _ => new() { Simulate = new() { SpeakerUpdate = 1 } }),
        new("simulate", "subscriber_bandwidth, 396 tracks", c => new() { Simulate = new() { SubscriberBandwidth = c.Muted() ? 100_000 : 0 } }),
        new("simulate", "disconnect_signal_on_resume", _ => new() { Simulate = new() { DisconnectSignalOnResume = true } }),
        new("simulate", "switch_candidate_protocol", _ => new() { Simulate = new() { SwitchCandidateProtocol = CandidateProtocol.Tls } }) { Ends = true },
        new("simulate", "node_failure, 100 tracks and 100 data tracks gone", _ => new() { Simulate = new() { NodeFailure = true } }) { Ends = true },
        new("leave", "100 tracks and 100 data tracks gone", _ => new() { Leave = new() }) { Ends = true },
    ];

    private SignalRequest Subscribe(bool wanted) => new() { Subscription = new() { Subscribe = wanted, TrackSids = { Known } } };

    private SignalRequest SubscribeData(bool wanted) => new()
    {
        UpdateDataSubscription = new() { Updates = { KnownData.Select(sid => new UpdateDataSubscription.Types.Update { TrackSid = sid, Subscribe = wanted }) } },
    };

    private SyncState State(BenchClient client) => new()
    {
        Subscription = new() { Subscribe = true, TrackSids = { Known } },
        TrackSidsDisabled = { Known },
        DatachannelReceiveStates = { members.Select(member => member.Sid.Value).Concat(_unknown).Take(Entries).Select(sid => new DataChannelReceiveState { PublisherSid = sid }) },
        DataSubscription = SubscribeData(true).UpdateDataSubscription,
        PublishTracks = { client.Tracks.Concat(client.Tracks).Select(sid => new TrackPublishedResponse { Track = new() { Sid = sid } }) },
    };

    private static PublishDataTrackRequest Data(uint handle) => new()
    {
        PubHandle = handle,
        Name = $"{handle}{new string('n', 250)}",
        Schema = new() { Name = new string('s', 256) },
    };

    private static AddTrackRequest Dear()
    {
        VideoLayer[] layers = [.. Enumerable.Range(0, 8).Select(_ => new VideoLayer { Rid = new string('r', 32), Width = 1000, Height = 1000 })];
        var request = new AddTrackRequest { Cid = Guid.NewGuid().ToString(), Type = TrackType.Video, Name = new string('n', 256), Stream = new string('s', 256), Layers = { layers } };
        request.SimulcastCodecs.AddRange(Enumerable.Range(0, 8).Select(i => new SimulcastCodec { Codec = ((string[])["vp8", "vp9", "av1", "h264"])[i % 4], Cid = $"c{i}", Layers = { layers } }));
        return request;
    }

    /// <summary>A browser's offer with its video section again and again, each with a mid of its own, as long as a description may be.</summary>
    private static string Repeat(string offer)
    {
        var lines = offer.ReplaceLineEndings("\r\n");
        var start = lines.IndexOf("\r\nm=video", StringComparison.Ordinal) + 2;
        var next = lines.IndexOf("\r\nm=", start, StringComparison.Ordinal);
        var (section, rest) = next < 0 ? (lines[start..], "") : (lines[start..(next + 2)], lines[(next + 2)..]);
        var text = new System.Text.StringBuilder(lines[..start]);
        var mids = new System.Text.StringBuilder();
        for (var i = 0; i < 500 && text.Length + mids.Length + section.Length + rest.Length < 1_040_000; i++)
        {
            text.Append(Regex.Replace(section, "a=mid:[^\r]*", $"a=mid:x{i}"));
            mids.Append($" x{i}");
        }

        return Regex.Replace(text.Append(rest).ToString(), "a=group:BUNDLE[^\r]*", match => match.Value + mids);
    }
}
