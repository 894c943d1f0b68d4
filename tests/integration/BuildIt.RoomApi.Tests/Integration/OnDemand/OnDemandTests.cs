using System.Net;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Rooms;
using BuildIt.Sfu.Signaling.Tokens;
using k8s;
using k8s.Models;

namespace BuildIt.RoomApi.Tests.Integration.OnDemand;

/// <summary>Rooms that come to be because somebody asks any pod of the fleet for them.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class OnDemandTests(RoomApiFixture api, OnDemandRegion region) : IClassFixture<OnDemandRegion>, IAsyncLifetime
{
    private readonly string _room = $"on-demand.{Guid.NewGuid():N}";

    public Task InitializeAsync() => region.ReadyAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_join_through_any_pod_creates_the_room_where_the_token_allows_it()
    {
        Assert.Equal((null, HttpStatusCode.NotFound), await region.Other.JoinAsync(_room, "alice", mayCreate: false));
        Assert.Equal((HttpStatusCode.NotFound, "requested room does not exist"), await region.Other.ValidateAsync(_room, mayCreate: false));
        Assert.Equal((HttpStatusCode.OK, "success"), await region.Other.ValidateAsync(_room, mayCreate: true));
        Assert.Null(await api.FindAsync(_room));

        Assert.Equal(_room, (await region.Other.JoinAsync(_room, "alice", mayCreate: true)).Room);
        var made = (await api.FindAsync(_room))!;
        Assert.Equal("true", made.Metadata.Labels[RoomAnnotations.OnDemandLabel]);
        Assert.Equal(["eu-west-1", "us-east-1"], made.Spec.Placement.Regions);
        Assert.Equal((100, "1h"), (made.Spec.MaxParticipants, made.Spec.TtlAfterEnded.ToString()));
        Assert.True(made.Spec.Settings.E2eeRequired);
        Assert.InRange(made.Spec.ExpiresAt!.Value.ToUniversalTime(), DateTime.UtcNow.AddDays(6.9), DateTime.UtcNow.AddDays(7.1));

        Assert.Equal(_room, (await region.Owner.JoinAsync(_room, "bob", mayCreate: false)).Room);
    }

    [Fact]
    public async Task An_application_creates_a_room_through_any_pod()
    {
        var (status, info) = await region.Other.CallAsync("CreateRoom", new { name = _room, maxParticipants = 7, emptyTimeout = 60, departureTimeout = 5, metadata = "m" });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((_room, "m"), (info.GetProperty("name").GetString(), info.GetProperty("metadata").GetString()));
        var spec = (await api.FindAsync(_room))!.Spec;
        Assert.Equal((7, "60s", "5s"), (spec.MaxParticipants, spec.EmptyTimeout.ToString(), spec.DepartureTimeout.ToString()));

        // It is there: creating it again changes nothing.
        Assert.Equal(HttpStatusCode.OK, (await region.Owner.CallAsync("CreateRoom", new { name = _room, maxParticipants = 9, metadata = "n" })).Status);
        Assert.Equal(7, (await api.FindAsync(_room))!.Spec.MaxParticipants);
        Assert.Equal("m", (await region.Owner.CallAsync("CreateRoom", new { name = _room })).Body.GetProperty("metadata").GetString());
    }

    [Fact]
    public async Task However_many_ask_at_once_there_is_one_room()
    {
        var before = await OnDemandCountAsync();
        var joins = await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            (i % 2 == 0 ? region.Owner : region.Other).JoinAsync(_room, $"somebody-{i}", mayCreate: true)));
        Assert.All(joins, join => Assert.Equal(_room, join.Room));
        Assert.Equal(1, await OnDemandCountAsync() - before);
    }

    [Theory]
    [InlineData("My Room")]
    [InlineData("-room")]
    [InlineData("a..b")]
    [InlineData("r\u00f6\u00f6m")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public async Task A_name_that_cannot_be_is_refused_in_words(string name)
    {
        Assert.Equal((null, HttpStatusCode.BadRequest), await region.Other.JoinAsync(name, "alice", mayCreate: true));
        var (status, error) = await region.Owner.CallAsync("CreateRoom", new { name });
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_argument"), (status, error.GetProperty("code").GetString()));
        Assert.Contains("lower-case letters", error.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Null(await api.FindAsync(name));
    }

    [Fact]
    public async Task A_room_without_a_place_is_refused_with_the_reason()
    {
        var (status, error) = await region.Other.CallAsync("CreateRoom", new { name = $"{StandInOperator.Nowhere}.{_room}" }).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (status, error.GetProperty("code").GetString()));
        Assert.Contains(StandInOperator.WhyNot, error.GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", RoomApiFixture.Secret, "the room API does not answer")]
    [InlineData(null, "another secret than the room API has, long enough", "the room API refused this node")]
    public async Task Without_the_room_api_the_refusal_says_so(string? roomApi, string secret, string says)
    {
        await using var node = await RegionNode.StartAsync("lonely", api, roomApi ?? region.RoomApi, signedWith: secret);
        await RoomApiFixture.EventuallyAsync(() => api.Database.KeyExistsAsync(api.Keys.Node(node.Id)));
        Assert.Equal((null, HttpStatusCode.ServiceUnavailable), await node.JoinAsync(_room, "alice", mayCreate: true));
        var (status, error) = await node.CallAsync("CreateRoom", new { name = _room });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains(says, error.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Null(await api.FindAsync(_room));
    }

    [Fact]
    public async Task Where_it_is_off_an_unknown_room_is_not_found()
    {
        await using var node = await RegionNode.StartAsync("plain", api, roomApi: "");
        await RoomApiFixture.EventuallyAsync(() => api.Database.KeyExistsAsync(api.Keys.Node(node.Id)));
        Assert.Equal((null, HttpStatusCode.NotFound), await node.JoinAsync(_room, "alice", mayCreate: true));
        Assert.Equal((HttpStatusCode.NotFound, "requested room does not exist"), await node.ValidateAsync(_room, mayCreate: true));
        Assert.Equal(HttpStatusCode.NotFound, (await node.CallAsync("CreateRoom", new { name = _room })).Status);
    }

    [Fact]
    public async Task A_room_that_has_ended_is_made_anew_when_it_was_made_on_demand_and_stays_ended_otherwise()
    {
        Assert.Equal(_room, (await region.Other.JoinAsync(_room, "alice", mayCreate: true)).Room);
        var first = (await api.FindAsync(_room))!.Metadata.Uid;
        await region.EndAsync(_room);
        Assert.Equal((null, HttpStatusCode.NotFound), await region.Other.JoinAsync(_room, "alice", mayCreate: false));
        Assert.Equal(_room, (await region.Other.JoinAsync(_room, "alice", mayCreate: true)).Room);
        Assert.NotEqual(first, (await api.FindAsync(_room))!.Metadata.Uid);

        var byHand = $"by-hand.{_room}";
        await api.Kubernetes.CustomObjects.CreateNamespacedCustomObjectAsync<ConferenceRoom>(
            new ConferenceRoom { Metadata = new V1ObjectMeta { Name = byHand } }, SfuApi.Group, SfuApi.Version, api.Namespace, ConferenceRoom.Plural);
        await RoomApiFixture.EventuallyAsync(async () => (await region.Other.JoinAsync(byHand, "alice", mayCreate: false)).Room == byHand);
        await region.EndAsync(byHand);
        Assert.Equal((null, HttpStatusCode.NotFound), await region.Other.JoinAsync(byHand, "alice", mayCreate: true));
        Assert.Equal(RoomPhase.Ended, (await api.FindAsync(byHand))!.Status!.Phase);
    }

    [Fact]
    public async Task Who_may_create_the_room_they_join_has_no_say_over_others()
    {
        Assert.Equal(_room, (await region.Owner.JoinAsync(_room, "alice", mayCreate: true)).Room);
        var own = new VideoGrant { RoomJoin = true, RoomCreate = true, Room = $"own.{_room}" };
        Assert.Equal(HttpStatusCode.Forbidden, (await region.Owner.CallAsync("DeleteRoom", new { room = _room }, own)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await region.Owner.CallAsync("CreateRoom", new { name = $"third.{_room}" }, own)).Status);
        Assert.Equal(HttpStatusCode.OK, (await region.Owner.CallAsync("CreateRoom", new { name = own.Room }, own)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await region.Owner.CallAsync("DeleteRoom", new { room = own.Room }, own)).Status);
    }

    private async Task<int> OnDemandCountAsync() =>
        (await api.RoomsAsync()).Count(room => room.Metadata.Labels?.ContainsKey(RoomAnnotations.OnDemandLabel) == true);
}
