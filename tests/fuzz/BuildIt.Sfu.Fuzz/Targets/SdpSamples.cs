using System.Text;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Descriptions that browsers wrote, cut into small ones: the session part with one or two of its media sections.</summary>
internal static class SdpSamples
{
    private static readonly string[] Names =
        ["chromium-156-publisher", "chromium-156-single-first", "chromium-156-single-publishing", "chromium-156-svc", "firefox-like-publisher", "libwebrtc-like-single"];

    public static IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[]
        {
            "\r\n", "\r\nm=", "\r\na=", "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 0 ", "a=rid:", "a=simulcast:send q;h;f", "a=extmap:",
            "a=rtcp-fb:*", "a=fmtp:", "a=rtpmap:", "a=ssrc:", "a=ssrc-group:FID ", "a=group:BUNDLE", "a=mid:", "a=msid:", "a=setup:active", "a=fingerprint:sha-256 ", "a=candidate:", "a=sendrecv", "a=inactive",
            "a=bundle-only", "a=sctp-port:", "a=max-message-size:", "a=ice-lite", "a=rtcp-mux", "18446744073709551616", "4294967296", "65536", "-1", "256", "128", " ", ";", ",", "~", "/", ":", "*",
        }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>All small descriptions of at most <paramref name="maxLength"/> bytes.</summary>
    public static IEnumerable<byte[]> Small(int maxLength)
    {
        foreach (var name in Names)
        {
            var sections = Read(name).Split("\r\nm=", StringSplitOptions.None);
            for (var i = 1; i < sections.Length; i++)
            {
                var one = $"{sections[0]}\r\nm={sections[i].TrimEnd()}\r\n";
                if (one.Length <= maxLength)
                {
                    yield return Encoding.UTF8.GetBytes(one);
                }

                if (i > 1 && one.Length + sections[i - 1].Length <= maxLength)
                {
                    yield return Encoding.UTF8.GetBytes($"{sections[0]}\r\nm={sections[i - 1]}\r\nm={sections[i].TrimEnd()}\r\n");
                }
            }
        }
    }

    private static string Read(string name)
    {
        using var stream = typeof(SdpSamples).Assembly.GetManifestResourceStream(name + ".sdp")
            ?? throw new InvalidOperationException($"{name}.sdp is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\r\n");
    }
}
