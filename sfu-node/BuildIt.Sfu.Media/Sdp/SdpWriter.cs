using System.Text;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Writes session descriptions (RFC 8866) in the order RFC 8829 section 5.2.1 uses.</summary>
public static class SdpWriter
{
    public static string Write(SdpSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var text = new StringBuilder(512 + session.Media.Count * 1536);
        text.Line($"v=0");
        text.Line($"o=- {session.SessionId} {session.SessionVersion} IN IP4 127.0.0.1");
        text.Line($"s=-");
        text.Line($"t=0 0");
        foreach (var group in session.BundleGroups)
        {
            text.Line($"a=group:BUNDLE {string.Join(' ', group)}");
        }

        text.LineIf(session.ExtmapAllowMixed, "a=extmap-allow-mixed");
        text.LineIf(session.MsidSemantic is not null, $"a=msid-semantic:{session.MsidSemantic}");
        text.LineIf(session.IceLite, "a=ice-lite");
        WriteTransport(text, session.Transport);
        foreach (var media in session.Media)
        {
            WriteMedia(text, media);
        }

        return text.ToString();
    }

    private static void WriteMedia(StringBuilder text, SdpMedia media)
    {
        text.Line($"m={media.KindName} {media.Port} {media.Protocol} {string.Join(' ', media.Formats)}");
        text.Line($"c=IN IP4 0.0.0.0");
        foreach (var candidate in media.Candidates)
        {
            text.Line($"a={candidate}");
        }

        text.LineIf(media.EndOfCandidates, "a=end-of-candidates");
        text.LineIf(media.BundleOnly, "a=bundle-only");
        WriteTransport(text, media.Transport);
        text.LineIf(media.Mid.Length > 0, $"a=mid:{media.Mid}");
        if (media.Kind is MediaKind.Audio or MediaKind.Video)
        {
            WriteRtp(text, media);
        }

        text.LineIf(media.SctpPort is not null, $"a=sctp-port:{media.SctpPort}");
        text.LineIf(media.MaxMessageSize is not null, $"a=max-message-size:{media.MaxMessageSize}");
    }

    private static void WriteTransport(StringBuilder text, SdpTransport transport)
    {
        text.LineIf(transport.IceUfrag is not null, $"a=ice-ufrag:{transport.IceUfrag}");
        text.LineIf(transport.IcePassword is not null, $"a=ice-pwd:{transport.IcePassword}");
        text.LineIf(transport.IceOptions.Count > 0, $"a=ice-options:{string.Join(' ', transport.IceOptions)}");
        foreach (var fingerprint in transport.Fingerprints)
        {
            text.Line($"a=fingerprint:{fingerprint.Algorithm} {fingerprint.Value}");
        }

        var setup = transport.Setup switch
        {
            DtlsSetup.ActPass => "actpass",
            DtlsSetup.Active => "active",
            DtlsSetup.Passive => "passive",
            DtlsSetup.HoldConnection => "holdconn",
            _ => null,
        };
        text.LineIf(setup is not null, $"a=setup:{setup}");
    }

    private static void WriteRtp(StringBuilder text, SdpMedia media)
    {
        foreach (var extension in media.Extensions)
        {
            var direction = extension.Direction is { } given ? $"/{NameOf(given)}" : "";
            text.Line($"a=extmap:{extension.Id}{direction} {extension.Uri}");
        }

        text.Line($"a={NameOf(media.Direction)}");
        foreach (var msid in media.Msids)
        {
            text.Line($"a=msid:{Join(msid)}");
        }

        text.LineIf(media.RtcpMux, "a=rtcp-mux");
        text.LineIf(media.RtcpReducedSize, "a=rtcp-rsize");
        foreach (var codec in media.Codecs)
        {
            WriteCodec(text, codec);
        }

        foreach (var rid in media.Rids)
        {
            text.Line($"a=rid:{rid.Id} {(rid.Sends ? "send" : "recv")}{(rid.Restrictions.Length > 0 ? " " : "")}{rid.Restrictions}");
        }

        if (media.SimulcastSend.Count > 0 || media.SimulcastReceive.Count > 0)
        {
            var send = media.SimulcastSend.Count > 0 ? $"send {Join(media.SimulcastSend)}" : "";
            var receive = media.SimulcastReceive.Count > 0 ? $"recv {Join(media.SimulcastReceive)}" : "";
            text.Line($"a=simulcast:{send}{(send.Length > 0 && receive.Length > 0 ? " " : "")}{receive}");
        }

        foreach (var group in media.SourceGroups)
        {
            text.Line($"a=ssrc-group:{group.Semantics} {string.Join(' ', group.Ssrcs)}");
        }

        foreach (var source in media.Sources)
        {
            text.LineIf(source.Cname is not null, $"a=ssrc:{source.Ssrc} cname:{source.Cname}");
            if (source.Msid is { } msid)
            {
                text.Line($"a=ssrc:{source.Ssrc} msid:{Join(msid)}");
            }
        }
    }

    private static void WriteCodec(StringBuilder text, SdpCodec codec)
    {
        var channels = codec.Channels > 1 ? $"/{codec.Channels}" : "";
        text.Line($"a=rtpmap:{codec.PayloadType} {codec.Name}/{codec.ClockRate}{channels}");
        foreach (var feedback in codec.Feedback)
        {
            text.Line($"a=rtcp-fb:{codec.PayloadType} {feedback}");
        }

        text.LineIf(codec.Parameters.Length > 0, $"a=fmtp:{codec.PayloadType} {codec.Parameters}");
    }

    private static string Join(SdpMsid msid) => msid.Track.Length > 0 ? $"{msid.Stream} {msid.Track}" : msid.Stream;

    private static string Join(IReadOnlyList<SdpSimulcastStream> streams) =>
        string.Join(';', streams.Select(stream => string.Join(',', stream.Alternatives.Select(rid => rid.Paused ? "~" + rid.Rid : rid.Rid))));

    private static string NameOf(MediaDirection direction) => direction switch
    {
        MediaDirection.SendRecv => "sendrecv",
        MediaDirection.SendOnly => "sendonly",
        MediaDirection.RecvOnly => "recvonly",
        _ => "inactive",
    };

    // RFC 8866 section 5: lines end in CRLF, whatever the machine uses.
    private static void Line(this StringBuilder text, string line) => text.Append(line).Append("\r\n");

    private static void LineIf(this StringBuilder text, bool condition, string line)
    {
        if (condition)
        {
            text.Line(line);
        }
    }
}
