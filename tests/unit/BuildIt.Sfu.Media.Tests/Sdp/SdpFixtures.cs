using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Tests.Sdp;

/// <summary>
/// Recorded offers (Chromium 156, Firefox 153) and hand-written ones in the manner of Firefox with H.264 and of libwebrtc's native
/// clients. Those of Firefox are of one connection, in the order of their names here.
/// </summary>
internal static class SdpFixtures
{
    public const string ChromiumPublisher = "chromium-156-publisher.sdp";
    public const string ChromiumSingleFirst = "chromium-156-single-first.sdp";
    public const string ChromiumSinglePublishing = "chromium-156-single-publishing.sdp";
    public const string ChromiumSvc = "chromium-156-svc.sdp";
    public const string Firefox = "firefox-like-publisher.sdp";
    public const string FirefoxCamera = "firefox-153-camera.sdp";
    public const string FirefoxMicrophone = "firefox-153-microphone.sdp";
    public const string FirefoxScreen = "firefox-153-screen.sdp";
    public const string FirefoxWithoutCamera = "firefox-153-without-camera.sdp";
    public const string FirefoxRestart = "firefox-153-restart.sdp";
    public const string Libwebrtc = "libwebrtc-like-single.sdp";

    public static readonly LocalDescription Local = new()
    {
        SessionId = 4242,
        IceUfrag = "nodeufrag",
        IcePassword = "nodepasswordnodepassword",
        Fingerprint = new SdpFingerprint("sha-256", string.Join(':', Enumerable.Repeat("AB", 32))),
    };

    public static readonly string[] Names =
    [
        ChromiumPublisher, ChromiumSingleFirst, ChromiumSinglePublishing, ChromiumSvc,
        Firefox, FirefoxCamera, FirefoxMicrophone, FirefoxScreen, FirefoxWithoutCamera, FirefoxRestart, Libwebrtc,
    ];

    public static TheoryData<string> All => [.. Names];

    public static string Text(string name)
    {
        using var stream = typeof(SdpFixtures).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public static SdpSession Parsed(string name) => Parse(Text(name));

    public static SdpSession Parse(string text)
    {
        Assert.True(SdpParser.TryParse(text, out var session, out var error), error.ToString());
        return session;
    }
}
