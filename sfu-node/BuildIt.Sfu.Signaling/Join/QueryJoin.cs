using System.Globalization;
using System.Text.Json;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>Join options as query parameters (v0).</summary>
public static class QueryJoin
{
    /// <summary>Longest base64url text of the <c>attributes</c> parameter: 64 KiB of attributes and their JSON.</summary>
    private const int MaxAttributesText = 256 * 1024;

    public static JoinParameters Read(QueryReader query) => new()
    {
        SinglePeerConnection = false,
        Client = ReadClient(query),
        AutoSubscribe = query("auto_subscribe") is not { Length: > 0 } auto || IsTrue(auto),
        AutoSubscribeDataTracks = query("auto_subscribe_data_track") is not { Length: > 0 } autoData || IsTrue(autoData),
        SubscriberAllowPause = query("subscriber_allow_pause") is { Length: > 0 } pause ? IsTrue(pause) : null,
        DisableIceLite = IsTrue(query("disable_ice_lite")),
        Reconnect = IsTrue(query("reconnect")),
        ReconnectReason = (ReconnectReason)ReadInt(query("reconnect_reason")),
        ParticipantSid = query("sid") ?? "",
        Attributes = ReadAttributes(query("attributes")),
    };

    private static ClientInfo ReadClient(QueryReader query)
    {
        var client = new ClientInfo
        {
            Sdk = ReadSdk(query("sdk")),
            Version = query("version") ?? "",
            Protocol = ReadInt(query("protocol")),
            ClientProtocol = ReadInt(query("client_protocol")),
            Os = query("os") ?? "",
            OsVersion = query("os_version") ?? "",
            DeviceModel = query("device_model") ?? "",
            Browser = query("browser") ?? "",
            BrowserVersion = query("browser_version") ?? "",
            Network = query("network") ?? "",
        };
        foreach (var name in (query("capabilities") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(16))
        {
            if (ReadCapability(name) is { } capability)
            {
                client.Capabilities.Add(capability);
            }
        }

        return client;
    }

    private static ClientInfo.Types.SDK ReadSdk(string? name) => name?.ToLowerInvariant() switch
    {
        "js" => ClientInfo.Types.SDK.Js,
        "ios" or "swift" => ClientInfo.Types.SDK.Swift,
        "android" => ClientInfo.Types.SDK.Android,
        "flutter" => ClientInfo.Types.SDK.Flutter,
        "go" => ClientInfo.Types.SDK.Go,
        "unity" => ClientInfo.Types.SDK.Unity,
        "reactnative" => ClientInfo.Types.SDK.ReactNative,
        "rust" => ClientInfo.Types.SDK.Rust,
        "python" => ClientInfo.Types.SDK.Python,
        "cpp" => ClientInfo.Types.SDK.Cpp,
        "unityweb" => ClientInfo.Types.SDK.UnityWeb,
        "node" => ClientInfo.Types.SDK.Node,
        "unreal" => ClientInfo.Types.SDK.Unreal,
        "esp32" => ClientInfo.Types.SDK.Esp32,
        "dotnet" => ClientInfo.Types.SDK.Dotnet,
        _ => ClientInfo.Types.SDK.Unknown,
    };

    private static ClientInfo.Types.Capability? ReadCapability(string name) => name.ToUpperInvariant() switch
    {
        "CAP_PACKET_TRAILER" => ClientInfo.Types.Capability.CapPacketTrailer,
        "CAP_COMPRESSION_DEFLATE_RAW" => ClientInfo.Types.Capability.CapCompressionDeflateRaw,
        _ => null,
    };

    private static Dictionary<string, string> ReadAttributes(string? text)
    {
        if (text is not { Length: > 0 and <= MaxAttributesText } || !Base64Text.TryDecode(text, out var bytes))
        {
            return [];
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string?>>(bytes)?
                .Where(a => a.Value is not null)
                .ToDictionary(a => a.Key, a => a.Value!, StringComparer.Ordinal) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static bool IsTrue(string? text) => text is "1" or "true" or "True" or "TRUE";

    private static int ReadInt(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
