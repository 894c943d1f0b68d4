using System.Net.WebSockets;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>What clients see at the other nodes when the node of their room is killed.</summary>
public class OwnerLossTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Long enough for a client to be refused, or sent away, if it were.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(700);

    [Fact]
    public async Task Whoever_joins_meanwhile_waits_until_the_room_is_placed_again()
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync("node-lost-1");
        await region.PlaceAsync(room, owner);
        await owner.Process.KillAsync();
        var joining = region.B.JoinAsync(room.Value, "alice");
        Assert.NotSame(joining, await Task.WhenAny(joining, Task.Delay(Moment)));
        await region.PlaceAsync(room, region.A, generation: 2);
        using var alice = await joining.WaitAsync(Patience);
        await alice.JoinedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_was_passed_on_stays_connected_and_is_told_to_join_anew(bool toTheNodeItIsConnectedTo)
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync($"node-lost-2-{toTheNodeItIsConnectedTo}");
        await region.PlaceAsync(room, owner);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await alice.PingAsync(1);
        await owner.Process.KillAsync();
        var told = alice.UntilAsync(message => message.Leave is not null);
        Assert.NotSame(told, await Task.WhenAny(told, Task.Delay(Moment)));

        await region.PlaceAsync(room, toTheNodeItIsConnectedTo ? region.B : region.A, generation: 2);
        var leave = (await told.WaitAsync(Patience)).Leave;
        Assert.Equal((LeaveAction.Reconnect, DisconnectReason.StateMismatch), (leave.Action, leave.Reason));
        Assert.Null(await alice.ReceiveAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_was_passed_on_to_a_node_that_hangs_is_told_to_join_anew_once_the_room_is_placed_again(bool toTheNodeItIsConnectedTo)
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync($"node-hung-{toTheNodeItIsConnectedTo}");
        await region.PlaceAsync(room, owner);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await alice.PingAsync(1);

        // Its machine goes on acknowledging what is sent: no socket tells.
        await owner.HangAsync(true);
        try
        {
            await region.PlaceAsync(room, toTheNodeItIsConnectedTo ? region.B : region.A, generation: 2);
            var leave = (await alice.UntilAsync(message => message.Leave is not null).WaitAsync(Patience)).Leave;
            Assert.Equal((LeaveAction.Reconnect, DisconnectReason.StateMismatch), (leave.Action, leave.Reason));
            Assert.Null(await alice.ReceiveAsync().WaitAsync(Patience));
            using var again = await region.B.JoinAsync(room.Value, "alice");
            await again.JoinedAsync();
        }
        finally
        {
            await owner.HangAsync(false);
        }
    }

    [Fact]
    public async Task What_is_asked_of_a_node_that_hangs_is_answered()
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync("node-hung-asked");
        await region.PlaceAsync(room, owner);
        Assert.Equal(200, (await region.B.ValidateAsync(room.Value, "alice")).Status);
        await owner.HangAsync(true);
        try
        {
            Assert.Equal(503, (await region.B.ValidateAsync(room.Value, "alice").WaitAsync(Patience)).Status);
        }
        finally
        {
            await owner.HangAsync(false);
        }
    }

    [Fact]
    public async Task Whoever_resumes_meanwhile_is_told_to_join_anew_once_the_room_is_placed_again()
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync("node-lost-3");
        await region.PlaceAsync(room, owner);
        using var alice = await owner.JoinAsync(room.Value, "alice");
        var sid = (await alice.JoinedAsync()).Participant.Sid;
        await owner.Process.KillAsync();
        var resuming = region.A.JoinAsync(room.Value, "alice", extra: $"&reconnect=1&sid={sid}");
        await region.PlaceAsync(room, region.B, generation: 2);
        using var resumed = await resuming;
        Assert.Equal(LeaveAction.Reconnect, (await resumed.ReceiveAsync())!.Leave.Action);
    }

    [Fact]
    public async Task A_room_that_nobody_takes_over_is_refused_in_time_for_clients_to_try_again()
    {
        var room = region.NewRoom();
        await using var owner = await region.StartAsync("node-lost-4");
        await region.PlaceAsync(room, owner);
        await owner.Process.KillAsync();
        var since = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<WebSocketException>(() => region.B.JoinAsync(room.Value, "alice"));

        // It waited for an owner, and not for the 40 s after which the dead one's connection would have ended.
        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 3, 30);
    }
}
