using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>Rooms that the application ends through a node (RoomService.DeleteRoom), with the test in the operator's place.</summary>
public class RoomClosingTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_room_that_is_deleted_through_any_node_is_over_and_reported_until_its_route_says_so()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A, generation: 3);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();

        var answer = region.B.CallAsync("DeleteRoom", new { room = room.Value });
        var leave = (await alice.UntilAsync(m => m.Leave is not null)).Leave;
        Assert.Equal((LeaveAction.Disconnect, DisconnectReason.RoomDeleted), (leave.Action, leave.Reason));
        await Eventually.IsAsync(
            async () => (await region.HeartbeatAsync(region.A))!.Rooms.SingleOrDefault(r => r.Room == room) is { EndRequested: true, Generation: 3, Participants: 0 }, Patience, "the owner tells the operator");
        foreach (var node in (FleetNode[])[region.A, region.B])
        {
            Assert.Equal(404, (await node.ValidateAsync(room.Value, "alice")).Status);
        }

        Assert.False(answer.IsCompleted, "the room is not over everywhere yet");
        await region.PlaceAsync(room, region.A, generation: 3, state: RoomRouteState.Ended);
        Assert.Equal(200, (await answer).Status);
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(region.A))!.Rooms.All(r => r.Room != room), Patience, "there is nothing left to tell");
        Assert.Equal(404, (await region.A.CallAsync("DeleteRoom", new { room = room.Value })).Status);

        // A room of the same name that is made afterwards is another one.
        await region.PlaceAsync(room, region.A, generation: 4);
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        Assert.Empty((await bob.JoinedAsync()).OtherParticipants);
    }

    [Fact]
    public async Task Without_the_operator_the_room_is_over_on_its_node_and_the_application_is_told_to_ask_again()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();

        var (status, body) = await region.A.CallAsync("DeleteRoom", new { room = room.Value });
        Assert.Equal(503, status);
        Assert.Contains("ask again", body, StringComparison.Ordinal);
        Assert.NotNull((await alice.UntilAsync(m => m.Leave is not null)).Leave);
        Assert.Equal(404, (await region.B.ValidateAsync(room.Value, "alice")).Status);

        var again = region.B.CallAsync("DeleteRoom", new { room = room.Value });
        await region.PlaceAsync(room, region.A, generation: 2, state: RoomRouteState.Ended);
        Assert.Equal(404, (await again).Status);
    }
}
