using System.Net;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>A node that takes longer than the room API waits: what whoever decides is told is true.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class SlowNodeTests(RoomApiFixture api) : IAsyncLifetime
{
    private readonly NostrSigner _host = new();
    private string _room = "";
    private string _guest = "";

    public async Task InitializeAsync()
    {
        _room = await api.CreateRoomAsync(_host);
        _guest = (await api.A.PostAsync(new NostrSigner(), $"/v1/rooms/{_room}/join")).Text("participantId");
        api.Node.Connected[(_room, _guest)] = true;
    }

    public Task DisposeAsync()
    {
        api.Node.Release();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("moderator")]
    [InlineData("viewer")]
    public async Task A_role_that_may_have_been_given_is_unknown(string role)
    {
        api.Node.Hold("UpdateParticipant");
        var answer = (await PostAsync("role", new { role })).Expect(HttpStatusCode.Accepted);
        Assert.Equal(("unknown", false, true), (answer.Text("effect"), Flag(answer, "applied"), Flag(answer, "durable")));

        // It was asked all the same, and does it when it can.
        api.Node.Release();
        await RoomApiFixture.EventuallyAsync(() => Task.FromResult(api.Node.Calls.Any(call => call.Method == "UpdateParticipant" && call.Identity == _guest)));
        answer = (await PostAsync("role", new { role })).Expect(HttpStatusCode.OK);
        Assert.Equal(("done", true), (answer.Text("effect"), Flag(answer, "applied")));
    }

    [Fact]
    public async Task A_role_of_somebody_who_is_not_connected_has_no_effect_yet()
    {
        api.Node.Connected.TryRemove((_room, _guest), out _);
        Assert.Equal("none", (await PostAsync("role", new { role = "moderator" })).Expect(HttpStatusCode.OK).Text("effect"));
    }

    [Fact]
    public async Task Whether_somebody_was_put_out_is_unknown()
    {
        api.Node.Hold("RemoveParticipant");
        var answer = (await PostAsync("revoke")).Expect(HttpStatusCode.Accepted);
        Assert.Equal(("unknown", false, true), (answer.Text("effect"), Flag(answer, "applied"), Flag(answer, "durable")));
    }

    [Fact]
    public async Task Tracks_that_may_have_been_muted_are_named()
    {
        api.Node.Hold("MutePublishedTrack");
        var answer = (await PostAsync("mute", new { source = "camera" })).Expect(HttpStatusCode.Accepted);
        Assert.Empty(answer.Json.GetProperty("mutedTracks").EnumerateArray());
        Assert.Equal("TR_v", Assert.Single(answer.Json.GetProperty("unknownTracks").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Nobody_is_said_to_be_away_whose_node_does_not_answer()
    {
        api.Node.Hold("GetParticipant");
        var answer = (await PostAsync("mute")).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("node-silent", answer.Problem);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static bool Flag(ApiAnswer answer, string name) => answer.Json.GetProperty(name).GetBoolean();

    private Task<ApiAnswer> PostAsync(string what, object? body = null) => api.A.PostAsync(_host, $"/v1/rooms/{_room}/participants/{_guest}/{what}", body);
}
