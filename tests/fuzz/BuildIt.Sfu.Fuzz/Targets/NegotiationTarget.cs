using System.Text;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Hostile offers to be answered, twice over one connection, and hostile answers to an offer of ours.</summary>
internal sealed class NegotiationTarget : IFuzzTarget
{
    private static readonly LocalDescription Local = new()
    {
        SessionId = 42,
        IceUfrag = "node",
        IcePassword = "node-password-node-pass",
        Fingerprint = new SdpFingerprint("sha-256", string.Join(':', Enumerable.Repeat("AB", 32))),
        IceLite = true,
        Candidates = ["candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host"],
    };

    private static readonly SendTrack Audio = new() { TrackId = "TR_a", StreamId = "PA_x|TR_a", Kind = MediaKind.Audio, Ssrc = 1000, Cname = "x" };

    private static readonly SendTrack Video = new() { TrackId = "TR_v", StreamId = "PA_x|TR_v", Kind = MediaKind.Video, Ssrc = 2000, RtxSsrc = 2001, Cname = "x" };

    private readonly CodecPolicy _policy = new();

    public string Name => "negotiation";

    public int MaxLength => 2048;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            foreach (var offer in SdpSamples.Small(MaxLength - 1))
            {
                yield return [0, .. offer];
            }

            yield return [1, .. Encoding.UTF8.GetBytes(Answer())];
        }
    }

    public IReadOnlyList<byte[]> Dictionary => SdpSamples.Dictionary;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty || !SdpParser.TryParse(Encoding.UTF8.GetString(input[1..]), out var session, out _))
        {
            return;
        }

        if ((input[0] & 1) == 0)
        {
            TakeOffer(session);
        }
        else
        {
            TakeAnswer(session);
        }
    }

    private void TakeOffer(SdpSession offer)
    {
        var builder = new AnswerBuilder(_policy);
        var sections = new ReceivingSections();
        sections.Add(Audio);
        sections.Add(Video);
        sections.Assign(offer);
        if (!builder.TryAnswer(offer, Local, new Context(sections), out var answer, out var result, out var error))
        {
            Property.Holds(error.Length > 0, "a refusal has a reason");
            return;
        }

        // RFC 3264 section 6.
        Property.Holds(answer.Media.Count == offer.Media.Count, "an answer has the sections of its offer");
        for (var i = 0; i < offer.Media.Count; i++)
        {
            Property.Holds(answer.Media[i].Mid == offer.Media[i].Mid, "in the same order");
            Property.Holds(!offer.Media[i].Rejected || answer.Media[i].Rejected, "what was offered as rejected stays so");
            Property.Holds(
                answer.Media[i].Rejected || answer.Media[i].Codecs.All(c => offer.Media[i].CodecOf(c.PayloadType) is not null),
                "an answer has no payload type that was not offered");
            Property.Holds(offer.Media[i].Direction.Receives || !answer.Media[i].Direction.Sends || answer.Media[i].Kind == MediaKind.Application || answer.Media[i].Rejected, "nothing is sent to who does not receive");
        }

        Property.Holds(result.Sections.All(s => s.Rids.Count <= 4), "layers are limited");
        Property.Holds(SdpParser.TryParse(SdpWriter.Write(answer), out var read, out _) && read.Media.Count == answer.Media.Count, "an answer parses");

        // The same connection offers again, with the tracks gone.
        sections.Remove(Video.TrackId);
        sections.Assign(offer);
        Property.Holds(builder.TryAnswer(offer, Local, new Context(sections), out var next, out _, out _), "what was answered once is answered again");
        Property.Holds(next.SessionVersion > answer.SessionVersion, "each answer has a newer version");
    }

    private void TakeAnswer(SdpSession answer)
    {
        var builder = Offering(out _);
        if (!builder.TryApplyAnswer(answer, out var result, out var error))
        {
            Property.Holds(error.Length > 0, "a refusal has a reason");
            Property.Holds(builder.AwaitsAnswer, "a refused answer leaves the offer open");
            return;
        }

        Property.Holds(!builder.AwaitsAnswer, "an answer settles the offer");
        Property.Holds(result.Sections.Count == 3, "a section for each that was offered");
        foreach (var section in result.Sections.Where(s => s.Sends is not null))
        {
            Property.Holds(section.Codecs.Count > 0, "what is sent has a codec");
        }

        builder.Remove(Video.TrackId);
        builder.Build(Local);
    }

    private OfferBuilder Offering(out SdpSession offer)
    {
        var builder = new OfferBuilder(_policy);
        builder.Add(Audio);
        builder.Add(Video);
        offer = builder.Build(Local);
        return builder;
    }

    /// <summary>An answer as a client would give: our offer with the directions turned and few codecs.</summary>
    private string Answer()
    {
        Offering(out var offer);
        var answer = offer with
        {
            IceLite = false,
            Media = [.. offer.Media.Select(m => m with
            {
                Direction = m.Kind == MediaKind.Application ? m.Direction : MediaDirection.RecvOnly,
                Transport = m.Transport with { Setup = DtlsSetup.Active },
                Codecs = [.. m.Codecs.Take(2)],
                Formats = m.Kind == MediaKind.Application ? m.Formats : [.. m.Formats.Take(2)],
                Msids = [],
                Sources = [],
                SourceGroups = [],
            })],
        };
        return SdpWriter.Write(answer);
    }

    private sealed class Context(ReceivingSections sections) : IAnswerContext
    {
        public ReceivePreferences PreferencesFor(string mid) => ReceivePreferences.Default;

        public SendTrack? TrackFor(string mid, MediaKind kind) => sections.TrackFor(mid);
    }
}
