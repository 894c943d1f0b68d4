using System.Text.RegularExpressions;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>What a node could say so that somebody's media is sent or played in clear.</summary>
internal static partial class Lies
{
    /// <summary>Nothing but the truth.</summary>
    public static Lie None => said => [said];

    /// <summary>About the others' tracks: what livekit-client decides by whether a track is decrypted, and for whom.</summary>
    public static IReadOnlyDictionary<string, Lie> AboutOthers { get; } = new Dictionary<string, Lie>(StringComparer.Ordinal)
    {
        ["nothing"] = None,
        ["their tracks are not encrypted"] = OfOthers(other => Each(other.Tracks, track => track.Encryption = Encryption.Types.Type.None)),
        ["their tracks have no codec"] = OfOthers(other => Each(other.Tracks, track => Encode(track, ""))),
        ["their tracks have a codec that there is none of"] = OfOthers(other => Each(other.Tracks, track => Encode(track, "nonsense"))),
        ["their tracks have no codec and are not encrypted"] = OfOthers(other => Each(other.Tracks, track =>
        {
            Encode(track, "");
            track.Encryption = Encryption.Types.Type.None;
        })),
        ["their tracks show nothing that is known"] = OfOthers(other => Each(other.Tracks, track => track.Source = TrackSource.Unknown)),
        ["they are another member"] = OfOthers(other => other.Identity = "carol"),
        ["they are somebody who is no member"] = OfOthers(other => other.Identity = "stranger"),
        ["they have no name"] = OfOthers(other => other.Identity = ""),
        ["they are a server, whose frames are to be let through"] = OfOthers(other => other.Kind = ParticipantInfo.Types.Kind.Agent, join => join.SifTrailer = Google.Protobuf.ByteString.CopyFrom(0)),
    };

    /// <summary>About the client itself and what it is to send.</summary>
    public static IReadOnlyDictionary<string, Lie> AboutOneself { get; } = new Dictionary<string, Lie>(StringComparer.Ordinal)
    {
        ["nothing"] = None,
        ["your tracks are not encrypted"] = OfOneself(me => Each(me.Tracks, track => track.Encryption = Encryption.Types.Type.None)),
        ["your tracks have no codec"] = OfOneself(me => Each(me.Tracks, track => Encode(track, ""))),
        ["you have no name"] = OfOneself(me => me.Identity = ""),
        ["you are another member"] = OfOneself(me => me.Identity = "carol"),
        ["only AV1 is taken"] = OnlyTakes("video/AV1"),
        ["only H.264 is taken"] = OnlyTakes("video/H264"),
        ["only redundant sound is taken"] = said => [WithRedundancy(said)],
        ["a second encoding is wanted"] = WantsSecondEncoding(),
    };

    private static Lie OfOthers(Action<ParticipantInfo> change, Action<JoinResponse>? join = null)
    {
        var own = "";
        return said =>
        {
            if (said.Join is { } joined)
            {
                own = joined.Participant.Sid;
                join?.Invoke(joined);
            }

            Each(ParticipantsOf(said).Where(participant => participant.Sid != own), change);
            return [said];
        };
    }

    private static Lie OfOneself(Action<ParticipantInfo> change)
    {
        var own = "";
        return said =>
        {
            own = said.Join?.Participant.Sid ?? own;
            Each(ParticipantsOf(said).Where(participant => participant.Sid == own), change);
            if (said.TrackPublished is { Track: { } track })
            {
                var me = new ParticipantInfo { Tracks = { track } };
                change(me);
                said.TrackPublished.Track = me.Tracks[0];
            }

            return [said];
        };
    }

    private static Lie OnlyTakes(string codec) => said =>
    {
        if (said.Join is { } join)
        {
            join.EnabledPublishCodecs.Clear();
            join.EnabledPublishCodecs.Add([new Codec { Mime = codec }, new Codec { Mime = "audio/opus" }]);
        }

        return [said];
    };

    // RFC 2198 inside: the first codec of the answer that the client also has is what it sends.
    private static SignalResponse WithRedundancy(SignalResponse said)
    {
        if (said.Answer is { } answer)
        {
            answer.Sdp = AudioSection().Replace(answer.Sdp, section =>
                section.Value.Contains(" red/48000", StringComparison.Ordinal)
                    ? section.Value.Replace("SAVPF 111 63", "SAVPF 63 111", StringComparison.Ordinal)
                    : section.Value.Replace("SAVPF 111", "SAVPF 63 111", StringComparison.Ordinal) + "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n");
        }

        return said;
    }

    [GeneratedRegex(@"^m=audio .*?(?=^m=|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex AudioSection();

    private static Lie WantsSecondEncoding()
    {
        var camera = "";
        return said =>
        {
            if (said.TrackPublished is { Track.Type: TrackType.Video } published)
            {
                camera = published.Track.Sid;
            }

            if (camera.Length == 0)
            {
                return [said];
            }

            var wanted = new SubscribedQualityUpdate { TrackSid = camera };
            foreach (var codec in (string[])["vp8", "h264"])
            {
                wanted.SubscribedCodecs.Add(new SubscribedCodec { Codec = codec, Qualities = { new SubscribedQuality { Quality = VideoQuality.High, Enabled = true } } });
            }

            return [said, new SignalResponse { SubscribedQualityUpdate = wanted }];
        };
    }

    private static IEnumerable<ParticipantInfo> ParticipantsOf(SignalResponse said) =>
        [.. said.Join is { } join ? [join.Participant, .. join.OtherParticipants] : (ParticipantInfo[])[], .. said.Update?.Participants ?? []];

    private static void Encode(TrackInfo track, string mimeType)
    {
        track.MimeType = mimeType;
        Each(track.Codecs, codec => codec.MimeType = mimeType);
    }

    private static void Each<T>(IEnumerable<T> all, Action<T> change)
    {
        foreach (var one in all)
        {
            change(one);
        }
    }
}
