using System.Globalization;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.TestClient.Signalling;

/// <summary>The WebSocket address of a new session in both forms of the protocol.</summary>
internal static class JoinAddress
{
    private const int ProtocolVersion = 16;

    public static Uri Create(HeadlessOptions options) => options.SinglePeerConnection ? V1(options) : V0(options);

    private static Uri V0(HeadlessOptions options)
    {
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"access_token={Uri.EscapeDataString(options.Token)}&auto_subscribe={(options.AutoSubscribe ? 1 : 0)}&adaptive_stream={(options.AdaptiveStream ? 1 : 0)}&sdk=other&version=1.0.0&protocol={ProtocolVersion}");
        return new UriBuilder(Base(options.Url, "/rtc")) { Query = query }.Uri;
    }

    private static Uri V1(HeadlessOptions options)
    {
        var request = new JoinRequest
        {
            ClientInfo = new ClientInfo { Version = "1.0.0", Protocol = ProtocolVersion },
            ConnectionSettings = new ConnectionSettings { AutoSubscribe = options.AutoSubscribe, AdaptiveStream = options.AdaptiveStream },
        };
        var wrapped = new WrappedJoinRequest { JoinRequest = request.ToByteString() };
        var query = $"access_token={Uri.EscapeDataString(options.Token)}&join_request={Uri.EscapeDataString(wrapped.ToByteString().ToBase64())}";
        return new UriBuilder(Base(options.Url, "/rtc/v1")) { Query = query }.Uri;
    }

    private static Uri Base(Uri url, string path)
    {
        var scheme = url.Scheme switch
        {
            "http" => "ws",
            "https" => "wss",
            var other => other,
        };
        return new UriBuilder(url) { Scheme = scheme, Port = url.Port, Path = url.AbsolutePath.TrimEnd('/') + path }.Uri;
    }
}
