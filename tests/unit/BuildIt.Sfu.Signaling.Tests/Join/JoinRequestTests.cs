using System.IO.Compression;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Join;

public class JoinRequestTests
{
    private static readonly JoinRequest Sample = new()
    {
        ClientInfo = new ClientInfo { Sdk = ClientInfo.Types.SDK.Js, Protocol = 17, Capabilities = { ClientInfo.Types.Capability.CapPacketTrailer } },
        ConnectionSettings = new ConnectionSettings { AutoSubscribe = true, AdaptiveStream = true, SubscriberAllowPause = false },
        ParticipantAttributes = { ["ÿþ"] = "???>>>" },
        PublisherOffer = new SessionDescription { Type = "offer", Sdp = "v=0 " + new string('x', 500), Id = 1 },
        AddTrackRequests = { new AddTrackRequest { Cid = "c" } },
    };

    public static TheoryData<string, bool> Forms => new()
    {
        { "standard", false }, { "standard", true }, { "url", false }, { "url", true }, { "unpadded", true }, { "space", true }, { "space", false },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_clients_send_is_read(string alphabet, bool gzip)
    {
        var standard = Convert.ToBase64String(Wrap(Sample.ToByteArray(), gzip));
        var text = alphabet switch
        {
            "url" => standard.Replace('+', '-').Replace('/', '_'),
            "unpadded" => standard.TrimEnd('='),
            "space" => standard.Replace('+', ' '),
            _ => standard,
        };

        Assert.True(JoinRequestCodec.TryRead(text, out var request));
        Assert.Equal(Sample, request);
        var parameters = JoinRequestCodec.ToParameters(request);
        Assert.True(parameters is { SinglePeerConnection: true, AutoSubscribe: true, SubscriberAllowPause: false, AutoSubscribeDataTracks: true });
        Assert.Equal(17, parameters.Protocol);
        Assert.Single(parameters.AddTracks);
    }

    [Fact]
    public void Absent_settings_mean_auto_subscribe()
    {
        Assert.True(JoinRequestCodec.TryRead(Convert.ToBase64String(Wrap([], gzip: true)), out var request));
        Assert.True(JoinRequestCodec.ToParameters(request).AutoSubscribe);
    }

    [Theory]
    [InlineData(JoinRequestCodec.MaxInflated - 8, true)]
    [InlineData(JoinRequestCodec.MaxInflated + 1, false)]
    [InlineData(64 * 1024 * 1024, false)]
    public void Inflated_size_is_capped(int size, bool accepted)
    {
        var padded = new JoinRequest { Metadata = new string('a', size) };
        Assert.Equal(accepted, JoinRequestCodec.TryRead(Convert.ToBase64String(Wrap(padded.ToByteArray(), gzip: true)), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("====")]
    [InlineData("%%%%")]
    [InlineData("AAAAA")]
    [InlineData("é")]
    public void Wrong_text_is_refused(string text) => Assert.False(JoinRequestCodec.TryRead(text, out _));

    [Fact]
    public void Damaged_gzip_is_refused()
    {
        var broken = new WrappedJoinRequest { Compression = WrappedJoinRequest.Types.Compression.Gzip, JoinRequest = ByteString.CopyFromUtf8("not gzip") };
        Assert.False(JoinRequestCodec.TryRead(Convert.ToBase64String(broken.ToByteArray()), out _));
        var unknown = new WrappedJoinRequest { Compression = (WrappedJoinRequest.Types.Compression)9 };
        Assert.False(JoinRequestCodec.TryRead(Convert.ToBase64String(unknown.ToByteArray()), out _));
    }

    [Fact]
    public void Damaged_requests_never_throw()
    {
        var random = new Random(42);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Wrap(Sample.ToByteArray(), gzip: i % 2 == 0);
            for (var flips = random.Next(1, 8); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            JoinRequestCodec.TryRead(Convert.ToBase64String(bytes), out _);
        }
    }

    internal static byte[] Wrap(byte[] inner, bool gzip)
    {
        if (gzip)
        {
            using var output = new MemoryStream();
            using (var stream = new GZipStream(output, CompressionLevel.Fastest))
            {
                stream.Write(inner);
            }

            inner = output.ToArray();
        }

        return new WrappedJoinRequest
        {
            Compression = gzip ? WrappedJoinRequest.Types.Compression.Gzip : WrappedJoinRequest.Types.Compression.None,
            JoinRequest = ByteString.CopyFrom(inner),
        }.ToByteArray();
    }
}
