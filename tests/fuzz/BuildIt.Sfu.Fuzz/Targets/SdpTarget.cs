using System.Text;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Session descriptions, and the candidates and fingerprints in them. What is accepted is written and read again.</summary>
internal sealed class SdpTarget : IFuzzTarget
{
    public string Name => "sdp";

    public int MaxLength => 2048;

    public IEnumerable<byte[]> Seeds =>
        [
            .. SdpSamples.Small(MaxLength),
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 4242 typ host generation 0 ufrag ab\r\n"u8.ToArray(),
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=candidate:1 1 tcp 1518280447 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active\r\n"u8.ToArray(),
        ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [.. SdpSamples.Dictionary, " typ host"u8.ToArray(), " tcptype passive"u8.ToArray(), " ufrag "u8.ToArray(), "2001:db8::1"u8.ToArray(), "abcd.local"u8.ToArray()];

    public void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (!SdpParser.TryParse(text, out var session, out var error))
        {
            Property.Holds(error.Kind != SdpErrorKind.None, "a refusal has a reason");
            return;
        }

        var first = SdpWriter.Write(session);
        Property.Holds(SdpParser.TryParse(first, out var again, out _), "what is written parses");
        var second = SdpWriter.Write(again);
        Property.Holds(first == second, "what is written is read alike");
        Property.Holds(again.Media.Count == session.Media.Count, "every section survives");
        foreach (var media in session.Media)
        {
            CheckMedia(session, media);
        }
    }

    private static void CheckMedia(SdpSession session, SdpMedia media)
    {
        foreach (var line in media.Candidates)
        {
            if (IceCandidate.TryParse(line, out var candidate))
            {
                Property.Holds(IceCandidate.TryParse(candidate.ToAttribute(), out var again), "a written candidate parses");
                Property.Holds(
                    again.Address == candidate.Address && again.Priority == candidate.Priority && again.Type == candidate.Type && again.TcpType == candidate.TcpType,
                    "a candidate survives");
            }
        }

        Span<byte> digest = stackalloc byte[64];
        foreach (var fingerprint in session.TransportOf(media).Fingerprints)
        {
            if (fingerprint.TryGetBytes(digest, out var length))
            {
                Property.Holds(length <= digest.Length, "a digest fits");
            }

            if (DtlsFingerprint.TryParse($"{fingerprint.Algorithm} {fingerprint.Value}", out var parsed))
            {
                Property.Holds(DtlsFingerprint.TryParse(parsed.ToString()!, out var again) && again.Equals(parsed), "a fingerprint survives");
            }
        }
    }
}
