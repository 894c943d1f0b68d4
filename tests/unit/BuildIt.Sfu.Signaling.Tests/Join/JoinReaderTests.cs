using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Tests.Join;

public class JoinReaderTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");
    private readonly JoinReader _reader = new(new TokenVerifier(Keys));

    private static AccessClaims Claims { get; } = new()
    {
        Issuer = "devkey",
        Identity = "alice",
        Metadata = "from token",
        Attributes = new Dictionary<string, string> { ["keep"] = "1", ["drop"] = "1" },
        Video = new VideoGrant { RoomJoin = true, Room = "r" },
    };

    [Fact]
    public void Query_parameters_become_join_parameters()
    {
        var error = Read(Claims, version1: false, out var attempt, new()
        {
            ["auto_subscribe"] = "0",
            ["adaptive_stream"] = "1",
            ["subscriber_allow_pause"] = "true",
            ["disable_ice_lite"] = "1",
            ["reconnect"] = "1",
            ["sid"] = "PA_x",
            ["reconnect_reason"] = "2",
            ["sdk"] = "android",
            ["protocol"] = "13",
            ["client_protocol"] = "1",
            ["capabilities"] = "CAP_PACKET_TRAILER,CAP_SOMETHING_NEW",
            ["browser"] = "Firefox",
        });

        Assert.Null(error);
        Assert.Equal("r", attempt.Room);
        var p = attempt.Parameters;
        Assert.True(p is { SinglePeerConnection: false, AutoSubscribe: false, AutoSubscribeDataTracks: true, SubscriberAllowPause: true });
        Assert.True(p is { DisableIceLite: true, Reconnect: true, ParticipantSid: "PA_x", ReconnectReason: ReconnectReason.RrPublisherFailed });
        Assert.Equal((ClientInfo.Types.SDK.Android, 13, 1, "Firefox"), (p.Client.Sdk, p.Protocol, p.Client.ClientProtocol, p.Client.Browser));
        Assert.Equal([ClientInfo.Types.Capability.CapPacketTrailer], p.Client.Capabilities);
    }

    [Fact]
    public void Absent_auto_subscribe_is_true()
    {
        Assert.Null(Read(Claims, version1: false, out var attempt));
        Assert.True(attempt.Parameters.AutoSubscribe);
        Assert.Null(attempt.Parameters.SubscriberAllowPause);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Own_attributes_need_permission(bool allowed)
    {
        var claims = Claims with { Video = Claims.Video with { CanUpdateOwnMetadata = allowed } };
        var attributes = Convert.ToBase64String("""{"drop":"","new":"2"}"""u8);
        Assert.Null(Read(claims, version1: false, out var attempt, new() { ["attributes"] = attributes }));
        Assert.Equal(allowed ? ["keep", "new"] : ["drop", "keep"], attempt.Claims.Attributes.Keys.Order());
    }

    [Fact]
    public void Refusals_have_their_status()
    {
        Assert.Equal(401, Read(null, out _)!.Status);
        Assert.Equal(401, _reader.Read("junk", false, _ => null, Now, out _)!.Status);
        Assert.Equal(401, Read(Claims with { Video = new VideoGrant { Room = "r" } }, false, out _)!.Status);
        Assert.Equal(400, Read(Claims with { Identity = "" }, false, out _)!.Status);
        Assert.Equal(400, Read(Claims with { Video = new VideoGrant { RoomJoin = true } }, false, out _)!.Status);
        Assert.Equal(400, Read(Claims with { Identity = new string('i', 257) }, false, out _)!.Status);
        Assert.Equal(400, Read(Claims with { Metadata = new string('m', JoinLimits.MaxMetadata + 1) }, false, out _)!.Status);
        Assert.Equal(400, Read(Claims, true, out _, new() { ["join_request"] = "%" })!.Status);
    }

    private JoinError? Read(string? token, out JoinAttempt attempt) => _reader.Read(token, false, _ => null, Now, out attempt);

    private JoinError? Read(AccessClaims claims, bool version1, out JoinAttempt attempt, Dictionary<string, string>? query = null) =>
        _reader.Read(
            new TokenSigner(Keys).Sign(claims, Now, TimeSpan.FromHours(1)), version1, name => query?.GetValueOrDefault(name), Now, out attempt);
}
