using System.Net;
using System.Net.Http.Headers;
using BuildIt.RoomApi.Tests.Integration.BadRequests;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.RoomApi.Tests.Integration.OnDemand;

/// <summary>The door through which nodes have rooms created opens to nothing but a node's token.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class OnDemandEndpointTests(RoomApiFixture api)
{
    private const string Secret = RoomApiFixture.Secret;

    private static readonly TimeSpan Short = RoomCreation.TokenLifetime;

    private static readonly Dictionary<string, Func<string, string?>> Wrong = new(StringComparer.Ordinal)
    {
        ["no token"] = _ => null,
        ["another scheme"] = _ => "Nostr e30=",
        ["no token's text"] = _ => "Bearer x",
        ["another secret"] = room => Token(new VideoGrant { RoomCreate = true, Room = room }, Short, new string('x', 40)),
        ["another room"] = room => Token(new VideoGrant { RoomCreate = true, Room = room + "x" }, Short),
        ["all rooms"] = _ => Token(new VideoGrant { RoomCreate = true }, Short),
        ["a token to join with"] = room => Token(new VideoGrant { RoomJoin = true, Room = room }, Short),
        ["a token to rule the room with"] = room => Token(new VideoGrant { RoomAdmin = true, Room = room }, Short),
        ["a token that lasts"] = room => Token(new VideoGrant { RoomCreate = true, Room = room }, TimeSpan.FromHours(1)),
        ["a token that is over"] = room => Token(new VideoGrant { RoomCreate = true, Room = room }, TimeSpan.FromMinutes(-2)),
        ["unsigned"] = room => "Bearer " + Jwt.Encode("""{"alg":"none"}""") + "." + Jwt.Encode($$$"""{"iss":"testkey","exp":9999999999,"video":{"roomCreate":true,"room":"{{{room}}}"}}""") + ".",
    };

    private readonly string _room = $"door-{Guid.NewGuid():N}";

    public static TheoryData<string> WrongTokens => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task Anybody_else_is_refused(string what)
    {
        var answer = await PostAsync(api.A.OperationsPort, Wrong[what](_room), $$"""{"room":"{{_room}}"}""");
        Assert.Equal("not-authenticated", answer.Expect(HttpStatusCode.Unauthorized).Problem);
        Assert.Null(await api.FindAsync(_room));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"room":7}""")]
    public async Task A_body_that_is_none_is_refused(string body)
    {
        var answer = await PostAsync(api.A.OperationsPort, Token(new VideoGrant { RoomCreate = true, Room = _room }, Short), body);
        Assert.Equal("bad-request", answer.Expect(HttpStatusCode.BadRequest).Problem);
    }

    [Fact]
    public async Task A_node_is_let_in_and_only_on_the_port_that_is_not_public()
    {
        var token = Token(new VideoGrant { RoomCreate = true, Room = _room }, Short);
        (await PostAsync(api.A.Port, token, $$"""{"room":"{{_room}}"}""")).Expect(HttpStatusCode.NotFound);
        Assert.Null(await api.FindAsync(_room));
        (await PostAsync(api.A.OperationsPort, token, $$"""{"room":"{{_room}}"}""")).Expect(HttpStatusCode.OK);
        (await PostAsync(api.B.OperationsPort, token, $$"""{"room":"{{_room}}"}""")).Expect(HttpStatusCode.OK);
        Assert.NotNull(await api.FindAsync(_room));
        Assert.Contains("buildit_roomapi_rooms_on_demand_total", await api.A.OperationsAsync("/metrics"), StringComparison.Ordinal);
    }

    private static string Token(VideoGrant grant, TimeSpan lifetime, string secret = Secret) => "Bearer " + new TokenSigner(ApiKeys.Single(RoomApiFixture.Key.Name, secret))
        .Sign(new AccessClaims { Issuer = RoomApiFixture.Key.Name, Identity = "node", Video = grant }, DateTimeOffset.UtcNow, lifetime);

    private static async Task<ApiAnswer> PostAsync(int port, string? authorization, string body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{port}{RoomCreation.Path}"))
        {
            Content = new StringContent(body, new MediaTypeHeaderValue("application/json")),
        };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await http.SendAsync(request);
        return new ApiAnswer(
            response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }
}
