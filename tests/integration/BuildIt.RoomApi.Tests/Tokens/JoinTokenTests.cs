using System.Security.Cryptography;
using System.Text;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.RoomApi.Tests.Tokens;

/// <summary>Join tokens, read back by the SFU node's own verifier.</summary>
public class JoinTokenTests
{
    private const string Secret = "a secret of at least 32 bytes, as HS256 asks";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly ConferenceRoom _room = new() { Metadata = { Name = RoomIds.New() } };
    private readonly ParticipantId _id = ParticipantId.FromBytes(RandomNumberGenerator.GetBytes(16));
    private readonly ApiKey _key = new("key", Secret);

    private JoinTokens Tokens => new([_key], _key, _time);

    [Theory]
    [InlineData(Role.Host, true, true, true, "")]
    [InlineData(Role.Host, false, true, true, "")]
    [InlineData(Role.Moderator, false, true, true, "")]
    [InlineData(Role.Participant, true, true, true, "")]
    [InlineData(Role.Participant, false, true, true, "camera,microphone")]
    [InlineData(Role.Viewer, true, false, true, "")]
    [InlineData(Role.Viewer, false, false, true, "")]
    public void Grants_follow_from_role_and_settings(Role role, bool screen, bool publish, bool subscribe, string sources)
    {
        _room.Spec = new ConferenceRoomSpec { Settings = new RoomSettings { AllowScreenShare = screen } };
        var claims = Verify(Tokens.Issue(_room, _id, new Decision(role)).Text);
        Assert.Equal(_id.Text, claims.Identity);
        Assert.Equal(_room.Metadata.Name, claims.Video.Room);
        Assert.True(claims.Video.RoomJoin);
        Assert.Equal(publish, claims.Video.MayPublish);
        Assert.Equal(publish, claims.Video.MayPublishData);
        Assert.Equal(subscribe, claims.Video.MaySubscribe);
        Assert.Equal(sources, string.Join(',', claims.Video.CanPublishSources));
        Assert.Equal(role.Name(), claims.Attributes["buildit.role"]);
        Assert.Equal("required", claims.Attributes["buildit.e2ee"]);
    }

    [Theory]
    [InlineData(Role.Host)]
    [InlineData(Role.Moderator)]
    public void No_join_token_rules_a_node(Role role)
    {
        var video = Verify(Tokens.Issue(_room, _id, new Decision(role)).Text).Video;
        Assert.False(video.RoomAdmin || video.RoomCreate || video.RoomList || video.RoomRecord || video.Hidden || video.Recorder || video.MayUpdateOwnMetadata);
    }

    [Theory]
    [InlineData(Role.Host, true, true)]
    [InlineData(Role.Participant, true, true)]
    [InlineData(Role.Participant, false, false)]
    [InlineData(Role.Viewer, true, false)]
    public void Recording_is_a_matter_of_settings_and_role(Role role, bool allowed, bool expected)
    {
        var settings = new RoomSettings { AllowRecording = allowed };
        Assert.Equal(expected, Permissions.Of(role, settings).Record);
    }

    [Fact]
    public void A_token_is_valid_for_an_hour_and_never_longer_than_the_room()
    {
        Assert.Equal(_time.GetUtcNow().AddHours(1), Tokens.Issue(_room, _id, new Decision(Role.Host)).ExpiresAt);
        _room.Spec = new ConferenceRoomSpec { ExpiresAt = _time.GetUtcNow().AddMinutes(5).UtcDateTime };
        Assert.Equal(_time.GetUtcNow().AddMinutes(5), Tokens.Issue(_room, _id, new Decision(Role.Host)).ExpiresAt);
    }

    [Fact]
    public async Task A_token_is_read_back_until_it_expires()
    {
        var token = Tokens.Issue(_room, _id, new Decision(Role.Participant)).Text;
        var claims = await Tokens.ReadAsync(token);
        Assert.Equal(new JoinTokenClaims(_room.Metadata.Name, _id, _time.GetUtcNow()), claims);
        _time.Advance(JoinTokens.Lifetime);
        Assert.Null(await Tokens.ReadAsync(token));
        Assert.Equal(TokenError.None, new TokenVerifier(ApiKeys.Single("key", Secret)).Verify(token, _time.GetUtcNow(), out _));
    }

    [Fact]
    public async Task Only_our_own_join_tokens_are_read()
    {
        var token = Tokens.Issue(_room, _id, new Decision(Role.Host)).Text;
        var parts = token.Split('.');
        var none = Convert.ToBase64String(Encoding.ASCII.GetBytes("""{"alg":"none"}""")).TrimEnd('=');
        string[] bad =
        [
            "", ".", "..", "a.b.c", token + "x", token[..^4] + "AAAA", parts[0] + "." + parts[1], $"{none}.{parts[1]}.",
            $"{parts[0]}.{parts[1][..^2]}.{parts[2]}", new string('a', 10_000), Tokens.IssueAdmin(_room.Metadata.Name),
            new JoinTokens([_key], new ApiKey("key", new string('x', 32)), _time).Issue(_room, _id, new Decision(Role.Host)).Text,
            new JoinTokens([_key], new ApiKey("other", Secret), _time).Issue(_room, _id, new Decision(Role.Host)).Text,
        ];
        foreach (var text in bad)
        {
            Assert.Null(await Tokens.ReadAsync(text));
        }

        Assert.NotNull(await Tokens.ReadAsync(token));
    }

    [Fact]
    public async Task A_rotated_key_still_reads()
    {
        var old = Tokens.Issue(_room, _id, new Decision(Role.Host)).Text;
        var next = new ApiKey("next", new string('n', 40));
        var rotated = new JoinTokens([_key, next], next, _time);
        Assert.NotNull(await rotated.ReadAsync(old));
        Assert.NotNull(await rotated.ReadAsync(rotated.Issue(_room, _id, new Decision(Role.Host)).Text));
        Assert.Null(await Tokens.ReadAsync(rotated.Issue(_room, _id, new Decision(Role.Host)).Text));
    }

    [Fact]
    public void An_admin_token_moderates_one_room_and_joins_none()
    {
        var claims = Verify(Tokens.IssueAdmin(_room.Metadata.Name));
        Assert.True(claims.Video.RoomAdmin);
        Assert.False(claims.Video.RoomJoin);
        Assert.Equal(_room.Metadata.Name, claims.Video.Room);
    }

    [Fact]
    public void Nothing_secret_is_printed()
    {
        Assert.DoesNotContain(Secret, _key.ToString(), StringComparison.Ordinal);
        Assert.Equal("JoinToken(***)", Tokens.Issue(_room, _id, new Decision(Role.Host)).ToString());
    }

    private AccessClaims Verify(string token)
    {
        Assert.Equal(TokenError.None, new TokenVerifier(ApiKeys.Single("key", Secret)).Verify(token, _time.GetUtcNow(), out var claims));
        return claims;
    }
}
