using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>What one section of the node's description says about the track it sends. Immutable.</summary>
internal sealed record RemoteSection
{
    public required string Mid { get; init; }

    public required MediaKind Kind { get; init; }

    public required string TrackSid { get; init; }

    public required string PublisherSid { get; init; }

    public required IReadOnlyList<SdpCodec> Codecs { get; init; }

    /// <summary>Sources with those that repair them; empty when the node names none.</summary>
    public required IReadOnlyList<(Ssrc Media, Ssrc? Repair)> Sources { get; init; }

    public CodecKind CodecOf(byte payloadType) =>
        CodecKinds.FromEncodingName(Codecs.FirstOrDefault(codec => codec.PayloadType == payloadType)?.Name ?? "");

    /// <summary>The payload type that <paramref name="payloadType"/> repairs; null when it repairs none.</summary>
    public byte? RepairedBy(byte payloadType) => Codecs.FirstOrDefault(codec => codec.PayloadType == payloadType)?.AssociatedPayloadType;

    /// <summary>Reads a section; null when the node sends nothing there.</summary>
    public static RemoteSection? Read(SdpMedia media, IDictionary<string, string> midToTrack)
    {
        if (media.Rejected || media.Kind is not (MediaKind.Audio or MediaKind.Video) || !media.Direction.Sends)
        {
            return null;
        }

        var msid = media.Msids.Count > 0 ? media.Msids[0] : media.Sources.FirstOrDefault(source => source.Msid is not null)?.Msid;
        if (msid is null && !midToTrack.ContainsKey(media.Mid))
        {
            return null;
        }

        var stream = msid?.Stream.Split('|') ?? [];
        var repairs = media.SourceGroups.Where(group => group is { Semantics: "FID", Ssrcs.Count: 2 }).ToDictionary(group => group.Ssrcs[0], group => group.Ssrcs[1]);
        return new RemoteSection
        {
            Mid = media.Mid,
            Kind = media.Kind,
            TrackSid = midToTrack.TryGetValue(media.Mid, out var sid) ? sid : stream.Length > 1 && stream[1].StartsWith("TR", StringComparison.Ordinal) ? stream[1] : msid!.Track,
            PublisherSid = stream.Length > 0 ? stream[0] : "",
            Codecs = media.Codecs,
            Sources =
            [
                .. media.Sources.Where(source => !repairs.ContainsValue(source.Ssrc))
                    .Select(source => (new Ssrc(source.Ssrc), repairs.TryGetValue(source.Ssrc, out var repair) ? new Ssrc(repair) : (Ssrc?)null)),
            ],
        };
    }
}
