using System.Text;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;

namespace BuildIt.Sfu.Node.Tests.Parts;

/// <summary>Rooms in parts at nodes of a fleet: to the registry, the operator and other nodes each is one room.</summary>
public sealed class PartedFleetTests(RegionFixture region) : IClassFixture<RegionFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private FleetNode _node = null!;

    public async Task InitializeAsync() => _node = await region.StartAsync($"node-parted-{Guid.NewGuid():N}", PartedNode.Spread);

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_room_is_reported_once_with_the_people_of_all_parts_and_no_link()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, _node);
        var people = await JoinAsync(room, 4);
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Participants: 4, Subscribers: 4 }], Patience, "the room is reported with four people");
        var heartbeat = (await region.HeartbeatAsync(_node))!;

        Assert.Equal(1, heartbeat.Load.Rooms);
        Assert.Empty(heartbeat.Links);
        Assert.Empty(heartbeat.LinkAllowances);
        Assert.Empty(heartbeat.Rooms[0].Relays);
        Assert.Null(heartbeat.Rooms[0].ParentConnected);
        await Eventually.IsAsync(async () => await region.Database.HashLengthAsync(region.Keys.PresenceOf(room)) == 4, Patience, "presence knows of four");
        people.ForEach(person => person.Dispose());
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Participants: 0, EverJoined: true, EmptySeconds: not null }], Patience, "it is reported empty");
        Assert.True((await region.HeartbeatAsync(_node))!.Rooms[0].ParticipantSeconds > 1);
    }

    [Fact]
    public async Task A_session_is_resumed_and_replaced_at_the_part_that_has_it()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, _node);
        foreach (var person in await JoinAsync(room, 2))
        {
            using (person)
            {
                var (sid, identity) = (person.Joined!.Participant.Sid, person.Joined.Participant.Identity);
                using var again = await _node.JoinAsync(room.Value, identity, extra: $"&reconnect=1&sid={sid}");
                Assert.NotNull((await again.UntilAsync(message => message.Reconnect is not null || message.Leave is not null)).Reconnect);
                using var other = await _node.JoinAsync(room.Value, identity);
                Assert.NotEqual(sid, (await other.JoinedAsync()).Participant.Sid);
                Assert.Equal(DisconnectReason.DuplicateIdentity, (await again.UntilAsync(message => message.Leave is not null)).Leave.Reason);
            }
        }
    }

    [Fact]
    public async Task Tokens_limits_and_the_end_of_a_room_are_the_same_in_all_parts()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, _node);
        var people = await JoinAsync(room, 4);
        foreach (var person in people[..2])
        {
            await region.RevokeAsync(room, person.Joined!.Participant.Identity, announce: true);
            Assert.Equal(DisconnectReason.ParticipantRemoved, (await person.UntilAsync(message => message.Leave is not null)).Leave.Reason);
        }

        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Participants: 2 }], Patience, "two are left");
        await region.PlaceAsync(room, _node, generation: 2, RoomLimits.Default with { MaxParticipants = 2 });
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Generation: 2 }], Patience, "the new route is known");
        Assert.Null(await _node.TryJoinAsync(room, "fifth"));
        Assert.Null(await _node.TryJoinAsync(room, "sixth"));
        await region.PlaceAsync(room, _node, generation: 3, state: RoomRouteState.Ended);
        foreach (var person in people[2..])
        {
            Assert.Equal(DisconnectReason.RoomDeleted, (await person.UntilAsync(message => message.Leave is not null)).Leave.Reason);
        }

        people.ForEach(person => person.Dispose());
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms.Count == 0, Patience, "nothing is reported any more");
    }

    [Fact]
    public async Task A_locked_room_knows_its_people_in_all_parts_and_moves_with_all()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, _node);
        var people = await JoinAsync(room, 2);
        await region.PlaceAsync(room, _node, generation: 2, RoomLimits.Default with { Locked = true });
        await Eventually.IsAsync(async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Generation: 2 }], Patience, "the new route is known");
        Assert.Null(await _node.TryJoinAsync(room, "stranger"));
        var back = new List<SignalClient>();
        foreach (var person in people)
        {
            back.Add(await _node.JoinAsync(room.Value, person.Joined!.Participant.Identity));
            await back[^1].JoinedAsync();
            person.Dispose();
        }

        await region.PlaceAsync(room, region.A, generation: 3);
        foreach (var person in back)
        {
            Assert.Equal(DisconnectReason.Migration, (await person.UntilAsync(message => message.Leave is not null)).Leave.Reason);
            person.Dispose();
        }
    }

    [Fact]
    public async Task Those_in_all_parts_at_two_nodes_are_in_one_room()
    {
        await using var other = await region.StartAsync($"node-parted-{Guid.NewGuid():N}", PartedNode.Spread);
        using var network = new HeadlessNetwork();
        var room = region.NewRoom();
        await region.SeatAsync(room, [_node, other]);
        var people = new List<HeadlessParticipant>();
        try
        {
            foreach (var (node, name) in new[] { (_node, "a0"), (other, "b0"), (_node, "a1"), (other, "b1") })
            {
                var person = await HeadlessParticipant.JoinAsync(new HeadlessOptions { Url = node.Signal, Token = RoomToken.Create("devkey", "secret", room.Value, name), Network = network });
                people.Add(person);
                await person.PublishAudioAsync();
                await person.PublishVideoAsync();
            }

            await Eventually.IsAsync(async () => (await Task.WhenAll(people.Select(ReceivesAllAsync))).All(all => all), Patience, "everybody sees and hears everybody");
            var read = new List<string>();
            people[1].DataReceived += (_, packet) => read.Add(packet.User.Payload.ToStringUtf8());
            Assert.True(await people[2].SendDataAsync(Encoding.UTF8.GetBytes("over three links")));
            await Eventually.IsAsync(() => Task.FromResult(read.Contains("over three links")), Patience, "what is said in one part is read in one of another node");
            await Eventually.IsAsync(
                async () => (await region.HeartbeatAsync(_node))!.Rooms is [{ Participants: 2, ParentConnected: null }] && (await region.HeartbeatAsync(other))!.Rooms is [{ Participants: 2, ParentConnected: true }],
                Patience,
                "each node reports its own two");
            Assert.Equal([other.Id], (await region.HeartbeatAsync(_node))!.Links.Select(link => link.Peer));

            // Wherever it is asked, of whomever.
            foreach (var (node, name) in new[] { (_node, "b1"), (other, "a1") })
            {
                var (status, body) = await node.CallAsync("RemoveParticipant", new { room = room.Value, identity = name }, new VideoGrant { RoomAdmin = true, Room = room.Value });
                Assert.True(status == 200, body);
            }

            await Task.WhenAll(people[2].Ended, people[3].Ended).WaitAsync(Patience);
        }
        finally
        {
            foreach (var person in people)
            {
                await person.DisposeAsync();
            }
        }
    }

    private static async Task<bool> ReceivesAllAsync(HeadlessParticipant person)
    {
        var received = (await person.GetStatisticsAsync()).Received;
        return received.Count(track => track is { Kind: MediaKind.Audio, Packets: > 50 }) == 3
            && received.Count(track => track is { Kind: MediaKind.Video, Frames: > 20 }) == 3;
    }

    /// <summary>So many join, one after the other, and know of each other.</summary>
    private async Task<List<Member>> JoinAsync(RoomId room, int count)
    {
        var people = new List<Member>();
        for (var i = 0; i < count; i++)
        {
            var client = await _node.JoinAsync(room.Value, $"person-{i}-{Guid.NewGuid():N}");
            people.Add(new Member(client, await client.JoinedAsync()));
        }

        await Eventually.IsAsync(
            async () => (await _node.CallAsync("ListParticipants", new { room = room.Value }, new VideoGrant { RoomAdmin = true, Room = room.Value })).Body is var listed
                && people.All(person => listed.Contains(person.Joined!.Participant.Sid, StringComparison.Ordinal)),
            Patience,
            "the home knows of all");
        return people;
    }

    private sealed record Member(SignalClient Client, JoinResponse? Joined) : IDisposable
    {
        public Task<SignalResponse> UntilAsync(Func<SignalResponse, bool> matches) => Client.UntilAsync(matches);

        public void Dispose() => Client.Dispose();
    }
}
