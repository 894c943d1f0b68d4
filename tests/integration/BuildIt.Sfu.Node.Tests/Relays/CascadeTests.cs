using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Sfu.Node.Tests.Relays;

/// <summary>One room at several real nodes, as a route says.</summary>
public sealed class CascadeTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);


    [Fact]
    public async Task Those_at_two_nodes_are_in_one_room()
    {
        var room = region.NewRoom();
        var route = await region.SeatAsync(room, [region.A, region.B]);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        var first = await alice.JoinedAsync();

        // Whoever comes first to a node waits for the room, but not for ever.
        using (var early = await region.B.JoinAsync(room.Value, "early"))
        {
            await early.JoinedAsync();
            await Eventually.IsAsync(async () => (await ReportsAsync(room)).Any(report => report.ParentConnected == true), Patience, "the edge has the room");
        }

        await alice.UntilAsync(message => message.Update?.Participants.Any(p => p.Identity == "early" && p.State == ParticipantInfo.Types.State.Disconnected) == true);
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        var second = await bob.JoinedAsync();

        Assert.Equal(route.Sid, first.Room.Sid);
        Assert.Equal(route.Sid, second.Room.Sid);
        Assert.Equal(first.Room.CreationTimeMs, second.Room.CreationTimeMs);
        Assert.Equal(["alice"], second.OtherParticipants.Select(p => p.Identity));
        await alice.UntilAsync(message => message.Update?.Participants.Any(p => p.Identity == "bob") == true);

        // Each node reports its own, and the edge that it is fed.
        await Eventually.IsAsync(
            async () => (await ReportsAsync(room)) is [{ Participants: 1, ParentConnected: null }, { Participants: 1, ParentConnected: true }],
            Patience,
            "both nodes report one participant, and the edge its parent");
    }

    [Fact]
    public async Task Many_rooms_of_the_same_two_nodes_do_not_get_into_each_others_way()
    {
        var clients = new List<SignalClient>();
        try
        {
            var rooms = Enumerable.Range(0, 12).Select(_ => region.NewRoom()).ToArray();
            foreach (var room in rooms)
            {
                await region.SeatAsync(room, [region.A, region.B]);
                clients.Add(await region.B.JoinAsync(room.Value, "bob"));
            }

            async Task<int> FedAsync() => (await region.HeartbeatAsync(region.B))!.Rooms.Count(report => rooms.Contains(report.Room) && report.ParentConnected == true);
            await Eventually.IsAsync(async () => await FedAsync() == rooms.Length, Patience, "all rooms have come");

            // Longer than it takes to notice that nothing is heard any more.
            var until = (await region.HeartbeatAsync(region.B))!.Sequence + 4;
            await Eventually.IsAsync(
                async () =>
                {
                    Assert.Equal(rooms.Length, await FedAsync());
                    return (await region.HeartbeatAsync(region.B))!.Sequence >= until;
                },
                Patience,
                "some seconds pass");
            Assert.DoesNotContain("broke", region.B.Process.ReadOutput(), StringComparison.Ordinal);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task A_moderator_reaches_everybody_at_any_node()
    {
        var room = region.NewRoom();
        await region.SeatAsync(room, [region.A, region.B]);
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        await bob.JoinedAsync();
        await Eventually.IsAsync(async () => (await region.A.CallAsync("ListParticipants", new { room = room.Value }, Admin(room))).Body.Contains("bob", StringComparison.Ordinal), Patience, "the origin knows of bob");

        var (status, body) = await region.A.CallAsync("UpdateParticipant", new { room = room.Value, identity = "bob", name = "Robert" }, Admin(room));
        Assert.True(status == 200 && body.Contains("Robert", StringComparison.Ordinal), body);
        Assert.Equal(200, (await region.B.CallAsync("UpdateRoomMetadata", new { room = room.Value, metadata = "agenda" }, Admin(room))).Status);
        await bob.UntilAsync(message => message.RoomUpdate?.Room.Metadata == "agenda");
        Assert.Equal(200, (await region.A.CallAsync("RemoveParticipant", new { room = room.Value, identity = "bob" }, Admin(room))).Status);
        Assert.Equal(DisconnectReason.ParticipantRemoved, (await bob.UntilAsync(message => message.Leave is not null)).Leave.Reason);
    }

    [Fact]
    public async Task A_session_is_resumed_at_the_node_that_has_it_wherever_its_client_arrives()
    {
        var room = region.NewRoom();
        await region.SeatAsync(room, [region.A, region.B]);
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        var sid = (await bob.JoinedAsync()).Participant.Sid;
        await Eventually.IsAsync(async () => (await region.A.CallAsync("ListParticipants", new { room = room.Value }, Admin(room))).Body.Contains(sid, StringComparison.Ordinal), Patience, "the origin knows of bob");
        using var again = await region.A.JoinAsync(room.Value, "bob", extra: $"&reconnect=1&sid={sid}");
        var answer = await again.UntilAsync(message => message.Reconnect is not null || message.Leave is not null);

        // Media never connected here, so there may be nothing left to resume; but the answer comes from the node that had it.
        Assert.True(answer.Reconnect is not null, $"{answer}");
    }

    [Fact]
    public async Task A_node_whose_seat_is_closed_sends_newcomers_to_another()
    {
        var room = region.NewRoom();
        await region.SeatAsync(room, [region.A, region.B], closed: [region.B]);
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        await bob.JoinedAsync();
        await Eventually.IsAsync(async () => (await ReportsAsync(room)) is [{ Participants: 1 }, ..], Patience, "the newcomer is at the other node");
    }

    [Fact]
    public async Task Who_shows_another_certificate_gets_no_link()
    {
        var room = region.NewRoom();
        var route = await region.SeatAsync(room, [region.A, region.B]);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        using var certificate = await OwnCertificateAsync();
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        handler.ClientCertificates.Add(certificate);
        using var http = new HttpClient(handler);
        object Request(string node) => new
        {
            room = room.Value,
            node,
            generation = 1,
            revision = 0,
            address = new { ufrag = "abcdefgh", password = "abcdefghijklmnopqrstuvwx", fingerprint = "sha-256 " + string.Join(':', Enumerable.Repeat("00", 32)), candidates = Array.Empty<string>() },
        };
        using var refused = await http.PostAsJsonAsync(new Uri($"https://{route.Seats[0].Relay}/relay/v1/links"), Request(region.B.Id.Value));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var stranger = await http.PostAsJsonAsync(new Uri($"https://{route.Seats[0].Relay}/relay/v1/links"), Request("nobody"));
        Assert.Equal(HttpStatusCode.Conflict, stranger.StatusCode);
        using var nonsense = await http.PostAsync(new Uri($"https://{route.Seats[0].Relay}/relay/v1/links"), new StringContent("[]", new MediaTypeHeaderValue("application/json")));
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
    }

    [Fact]
    public async Task A_dead_edge_is_forgotten_and_the_room_goes_on()
    {
        var room = region.NewRoom();
        await using var edge = await region.StartAsync("node-edge");
        await region.SeatAsync(room, [region.A, edge]);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        using var bob = await edge.JoinAsync(room.Value, "bob");
        await bob.JoinedAsync();
        await alice.UntilAsync(message => message.Update?.Participants.Any(p => p.Identity == "bob") == true);
        await edge.Process.KillAsync();

        await alice.UntilAsync(message => message.Update?.Participants.Any(p => p.Identity == "bob" && p.State == ParticipantInfo.Types.State.Disconnected) == true);
        await alice.PingAsync(1);
    }

    [Fact]
    public async Task An_edge_says_before_its_next_heartbeat_that_it_does_not_hear_its_parent_and_that_it_does_again()
    {
        var room = region.NewRoom();
        await using var origin = await region.StartAsync("node-silent");

        // One of its own: what other rooms had to say early is not to be had again at once.
        await using var edge = await region.StartAsync("node-listening");
        await region.SeatAsync(room, [origin, edge]);
        using var bob = await edge.JoinAsync(room.Value, "bob");
        await bob.JoinedAsync();
        await Eventually.IsAsync(async () => (await OfEdgeAsync())?.ParentConnected == true, Patience, "the edge has the room");
        var announced = new ConcurrentQueue<RoomReport>();
        var channel = RedisChannel.Literal(region.Keys.EarlyHeartbeats);
        await region.Database.Multiplexer.GetSubscriber().SubscribeAsync(channel, (_, node) =>
        {
            if (node == edge.Id.Value && OfEdgeAsync().GetAwaiter().GetResult() is { } report)
            {
                announced.Enqueue(report);
            }
        });

        await origin.HangAsync(hang: true);
        var silent = await Eventually.HasAsync(() => Task.FromResult(announced.FirstOrDefault(report => report.ParentConnected == false)), Patience, "the edge announces that it hears nothing");
        await origin.HangAsync(hang: false);

        Assert.InRange(silent.ParentSilentSeconds!.Value, 1, 2);
        await Eventually.IsAsync(() => Task.FromResult(announced.Any(report => report.ParentConnected == true)), Patience, "it announces that all is well");
        await region.Database.Multiplexer.GetSubscriber().UnsubscribeAsync(channel);

        async Task<RoomReport?> OfEdgeAsync() => (await region.HeartbeatAsync(edge))?.Rooms.FirstOrDefault(report => report.Room == room);
    }

    [Fact]
    public async Task An_edge_becomes_the_origin_and_keeps_those_who_are_there()
    {
        var room = region.NewRoom();
        await using var origin = await region.StartAsync("node-origin");
        await region.SeatAsync(room, [origin, region.A, region.B]);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        await KnowsAsync(bob, "alice");
        await origin.Process.KillAsync();
        await region.SeatAsync(room, [region.A, region.B], generation: 2);

        using var carol = await region.B.JoinAsync(room.Value, "carol");
        await KnowsAsync(carol, "alice", "bob");
        await alice.UntilAsync(message => message.Update?.Participants.Any(p => p.Identity == "carol") == true);
    }

    /// <summary>Waits until somebody who joins knows of others: at once, or later where a busy machine takes longer than newcomers are made to wait.</summary>
    private static async Task KnowsAsync(SignalClient client, params string[] identities)
    {
        var unknown = identities.Except((await client.JoinedAsync()).OtherParticipants.Select(p => p.Identity)).ToHashSet();
        while (unknown.Count > 0)
        {
            var update = await client.UntilAsync(message => message.Update is not null);
            unknown.ExceptWith(update.Update.Participants.Select(p => p.Identity));
        }
    }

    /// <summary>A certificate that nobody vouches for.</summary>
    private static async Task<X509Certificate2> OwnCertificateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-relay-");
        try
        {
            var (certificate, key) = (Path.Combine(folder.FullName, "tls.crt"), Path.Combine(folder.FullName, "tls.key"));
            await SelfSigned.WriteAsync(IPAddress.Loopback, certificate, key);
            using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<IReadOnlyList<RoomReport>> ReportsAsync(RoomId room) =>
    [
        .. new[] { await region.HeartbeatAsync(region.A), await region.HeartbeatAsync(region.B) }
            .OfType<Heartbeat>().SelectMany(heartbeat => heartbeat.Rooms).Where(report => report.Room == room),
    ];

    private static VideoGrant Admin(RoomId room) => new() { RoomAdmin = true, Room = room.Value };
}
