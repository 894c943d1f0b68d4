using System.Text;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Signaling.Join;
using Microsoft.AspNetCore.WebUtilities;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>The query string of a version 0 connection, decoded as the web server does.</summary>
internal sealed class QueryTarget : IFuzzTarget
{
    public string Name => "query";

    public int MaxLength => 600;

    public IEnumerable<byte[]> Seeds =>
        [
            "auto_subscribe=1&sdk=js&version=2.23.0&protocol=17&os=Linux&browser=Chrome&adaptive_stream=1&capabilities=CAP_PACKET_TRAILER,CAP_COMPRESSION_DEFLATE_RAW"u8.ToArray(),
            "reconnect=1&sid=PA_abc&reconnect_reason=2&auto_subscribe=0&subscriber_allow_pause=true&disable_ice_lite=TRUE"u8.ToArray(),
            Encoding.ASCII.GetBytes("attributes=" + Uri.EscapeDataString(Convert.ToBase64String("""{"a":"b","c":null,"ü":"😀"}"""u8))),
            "attributes=eyJhIjoiYiJ9&attributes=eyJhIjoiYiJ9"u8.ToArray(),
            "attributes=eyJhIjoxfQ&protocol=99999999999999999999"u8.ToArray(),
        ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "&attributes=", "eyJhIjoiXHVkODAwIn0", "eyJcdWQ4MDAiOiJhIn0", "&protocol=", "2147483648", "%00", "%FF", "+", "&sdk=", "&capabilities=,,", "&subscriber_allow_pause=", "e30", "W10", "bnVsbA" }.Select(Encoding.ASCII.GetBytes)];

    public void Run(ReadOnlySpan<byte> input)
    {
        var values = QueryHelpers.ParseQuery(Encoding.Latin1.GetString(input));
        var parameters = QueryJoin.Read(name => values.TryGetValue(name, out var value) ? value.ToString() : null);
        Property.Holds(!parameters.SinglePeerConnection, "version 0 has two connections");
        Property.Holds(parameters.Protocol >= 0 && parameters.Client.ClientProtocol >= 0, "protocol numbers are not negative");
        Property.Holds(parameters.Client.Capabilities.Count <= 16, "capabilities are limited");
        Property.Holds(parameters.Attributes.All(a => a.Key is not null && a.Value is not null), "attributes have names and values");
        Property.Holds(JoinLimits.Size(parameters.Attributes) <= 16 * input.Length, "attributes are no larger than what was sent");
        _ = parameters.Client.CalculateSize();
    }
}
