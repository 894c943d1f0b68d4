using System.Text.RegularExpressions;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Transport;
using Microsoft.Playwright;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Transport;

/// <summary>
/// A real Chromium against ICE, DTLS and SRTP alone: an answer made by hand, no signalling, no SFU. Chromium opens with a
/// DTLS 1.3 hello and has to settle on 1.2.
/// </summary>
public sealed class ChromiumTransportTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string MakeOffer = """
        async () => {
          const pc = new RTCPeerConnection();
          window.pc = pc;
          const canvas = document.createElement('canvas');
          canvas.width = 160; canvas.height = 120;
          const context = canvas.getContext('2d');
          let frame = 0;
          setInterval(() => { context.fillStyle = `hsl(${frame++ * 7 % 360},80%,50%)`; context.fillRect(0, 0, 160, 120); }, 66);
          pc.addTransceiver(canvas.captureStream(15).getTracks()[0], { direction: 'sendonly' });
          pc.createDataChannel('_reliable');
          await pc.setLocalDescription(await pc.createOffer());
          return pc.localDescription.sdp;
        }
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chromium_connects_and_its_packets_arrive_decrypted(bool lite)
    {
        await using var browser = await ChromiumBrowser.StartAsync();
        using var host = new UdpTransportHost(new IceAgentOptions { Lite = lite });
        var page = await browser.OpenAsync("about:blank");
        var offer = await page.EvaluateAsync<string>(MakeOffer);

        var started = TimeProvider.System.GetTimestamp();
        ApplyOffer(host, offer);
        await page.EvaluateAsync("sdp => pc.setRemoteDescription({ type: 'answer', sdp })", Answer(host, offer, lite));
        var profile = await host.Connected.Task.WaitAsync(Patience);
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        await page.WaitForFunctionAsync(
            "() => pc.iceConnectionState === 'connected' && pc.sctp.transport.state === 'connected'",
            null,
            new PageWaitForFunctionOptions { Timeout = (float)Patience.TotalMilliseconds });

        await WaitUntilAsync(() => host.Rtp.Count > 20 && !host.Data.IsEmpty && host.RtcpTypes.Contains((byte)200));
        Assert.Equal(SrtpProfile.AeadAes128Gcm, profile);
        Assert.Null(host.Failure);
        Assert.Single(host.Rtp.Where(p => p.PayloadType == 96).Select(p => p.Ssrc).Distinct());

        output.WriteLine($"Answer to SRTP keys: {elapsed.TotalMilliseconds:0} ms");
    }

    private static void ApplyOffer(UdpTransportHost host, string offer)
    {
        Assert.True(DtlsFingerprint.TryParse(Attribute(offer, "fingerprint"), out var fingerprint));
        var remote = new IceCredentials(Attribute(offer, "ice-ufrag"), Attribute(offer, "ice-pwd"));
        host.Post((transport, now) => transport.SetRemoteParameters(remote, fingerprint, DtlsRole.Server, now));
    }

    private static string Answer(UdpTransportHost host, string offer, bool lite)
    {
        var transport = $"""
            c=IN IP4 0.0.0.0
            a=ice-ufrag:{host.Credentials.Ufrag}
            a=ice-pwd:{host.Credentials.Password}
            a=fingerprint:{host.Dtls.LocalFingerprint}
            a=setup:passive
            a={host.Candidate.ToAttribute()}
            a=end-of-candidates
            """;
        var sdp = $"""
            v=0
            o=- 1 1 IN IP4 127.0.0.1
            s=-
            t=0 0
            a=group:BUNDLE 0 1
            {(lite ? "a=ice-lite\n" : "")}m=video 9 UDP/TLS/RTP/SAVPF 96
            {transport}
            a=mid:0
            a=recvonly
            a=rtcp-mux
            a=rtcp-rsize
            a=rtpmap:96 VP8/90000
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel
            {transport}
            a=mid:1
            a=sctp-port:5000
            a=max-message-size:65535

            """;
        Assert.Contains("a=rtpmap:96 VP8/90000", offer, StringComparison.Ordinal);
        return sdp.ReplaceLineEndings("\r\n");
    }

    private static string Attribute(string sdp, string name) =>
        Regex.Match(sdp, $"^a={name}:(.*?)\r?$", RegexOptions.Multiline).Groups[1].Value;

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
