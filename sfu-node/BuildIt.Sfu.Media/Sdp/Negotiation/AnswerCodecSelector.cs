using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Chooses the codecs of an answered section; payload types are those of the offer (RFC 3264 section 6.1).</summary>
internal static class AnswerCodecSelector
{
    /// <param name="policy">What the node forwards.</param>
    /// <param name="offer">The client's section.</param>
    /// <param name="track">What the node sends there, or null.</param>
    /// <param name="preferences">How the node receives there; null when it does not.</param>
    public static List<SdpCodec> Select(CodecPolicy policy, SdpMedia offer, SendTrack? track, ReceivePreferences? preferences)
    {
        var preferred = preferences?.PreferredCodecs is { Count: > 0 } wanted ? wanted : track?.PreferredCodecs ?? [];
        var allowRed = (preferences?.AllowRed ?? true) && (track?.AllowRed ?? true);
        var accepted = offer.Codecs.Where(codec => policy.Accepts(offer.Kind, codec)).ToList();
        var main = accepted.Where(codec => !codec.Is(CodecPolicy.Rtx) && !codec.Is(CodecPolicy.Red)).Select(codec => codec.PayloadType).ToHashSet();
        var selected = new List<SdpCodec>();
        foreach (var codec in CodecPolicy.Ordered(accepted.Where(codec => !codec.Is(CodecPolicy.Rtx)), preferred))
        {
            if (codec.Is(CodecPolicy.Red) && !(allowRed && CarriesAccepted(codec, main)))
            {
                continue;
            }

            selected.Add(Answered(codec, preferences, track));
            var rtx = accepted.Find(other => other.AssociatedPayloadType == codec.PayloadType);
            if (rtx is not null)
            {
                selected.Add(rtx with { Feedback = [] });
            }
        }

        return selected;
    }

    public static IReadOnlyList<string> Formats(IReadOnlyList<SdpCodec> codecs) =>
        [.. codecs.Select(codec => codec.PayloadType.ToString(CultureInfo.InvariantCulture))];

    // RFC 2198 section 5: the format parameters name the payload types inside, "111/111".
    private static bool CarriesAccepted(SdpCodec red, HashSet<byte> main)
    {
        foreach (var range in red.Parameters.AsSpan().Split('/'))
        {
            if (!SdpText.TryPayloadType(red.Parameters.AsSpan()[range], out var inner) || !main.Contains(inner))
            {
                return false;
            }
        }

        return true;
    }

    private static SdpCodec Answered(SdpCodec codec, ReceivePreferences? preferences, SendTrack? track) => codec with
    {
        Feedback = Feedback(codec),
        Parameters = codec.Is(CodecPolicy.Opus) ? OpusParameters(preferences, track) : codec.Parameters,
    };

    /// <summary>
    /// What was offered and is known. RFC 4585 section 4.2 lets an answer only take away, but browsers do not offer <c>nack</c> for
    /// Opus and follow it when an answer has it, as those of LiveKit do: with end-to-end encryption it is all that repairs sound.
    /// </summary>
    private static string[] Feedback(SdpCodec codec)
    {
        var known = codec.Feedback.Where(CodecPolicy.IsFeedbackKnown);
        return [.. (codec.Is(CodecPolicy.Opus) ? known.Append("nack") : known).Distinct(StringComparer.Ordinal)];
    }

    // RFC 7587 section 6.1: these tell the client how to encode what it sends us; sprop-stereo tells how we send.
    private static string OpusParameters(ReceivePreferences? preferences, SendTrack? track)
    {
        var parameters = CodecPolicy.OpusParameters;
        parameters += preferences is { Dtx: true } ? ";usedtx=1" : "";
        parameters += preferences is { Stereo: true } ? ";stereo=1;maxaveragebitrate=510000" : "";
        return parameters + (track is { Stereo: true } ? ";sprop-stereo=1" : "");
    }
}
