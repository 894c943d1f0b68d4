using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.Parts;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Node.Tests.Parts;

/// <summary>Parts on real loops, with the clock in the test's hands.</summary>
public sealed class PartKeeperTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly NodeSettings Spread = new() { BindAddress = "127.0.0.1", MediaUdpPort = 0, MediaTcpPort = -1, Loops = 2, RoomParts = RoomPartMode.Spread };

    private readonly MediaServer _media = new(Spread, new ConnectionLimits(new DescriptorBudget(1000, 100)), TimeProvider.System, NullLogger<MediaServer>.Instance);
    private readonly FakeTimeProvider _time = new();
    private readonly BackgroundFaults _faults = new(NullLogger<BackgroundFaults>.Instance);
    private readonly RoomDirectory _rooms;
    private readonly PartKeeper _keeper;

    public PartKeeperTests()
    {
        var services = new NodeServices
        {
            Server = new ServerInfo(),
            Tokens = new TokenSigner(ApiKeys.Single("devkey", "secret")),
            Clock = new WallClock(DateTimeOffset.UtcNow),
        };
        _rooms = new RoomDirectory(services, _media.Rooms, new NoObserver());
        _keeper = new PartKeeper(_rooms, _media, Spread, _faults, _time, NullLogger<PartKeeper>.Instance);
        _media.Start();
    }

    public void Dispose()
    {
        _keeper.Dispose();
        _media.Dispose();
        Assert.Empty(_faults.Counts);
    }

    [Fact]
    public async Task A_part_is_closed_when_nobody_has_been_in_it_for_some_time_and_opened_again_for_who_comes()
    {
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" });
        Assert.Same(home, await PlaceAsync(home, "alice"));
        var part = await PlaceAsync(home, "bob");
        Assert.NotSame(home, part);
        Assert.NotEqual(home.Loop, part.Loop);
        Assert.Equal(1, _keeper.Count);

        await _keeper.RefreshAsync();
        _time.Advance(PartPlanner.EmptyFor - TimeSpan.FromSeconds(1));
        await _keeper.RefreshAsync();
        Assert.Same(part, Assert.Single(home.Parts));
        _time.Advance(TimeSpan.FromSeconds(1));
        await _keeper.RefreshAsync();

        await part.Ended.WaitAsync(Patience);
        Assert.Empty(home.Parts);
        Assert.Same(home, await PlaceAsync(home, "carol"));
        var next = await PlaceAsync(home, "dan");
        Assert.NotSame(home, next);
        Assert.NotSame(part, next);
        Assert.Equal(1, _keeper.Count);
    }

    [Fact]
    public async Task A_part_whose_link_breaks_is_linked_again()
    {
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" });
        await PlaceAsync(home, "alice");
        var part = await PlaceAsync(home, "bob");
        var before = await LinkOfAsync(home);
        await home.InvokeAsync((core, now) => core.Links[0].Close(now));
        await Eventually.IsAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return await LinkOfAsync(part) is { IsComplete: true, IsUp: true } && await LinkOfAsync(home) is { IsUp: true } after && after != before;
            },
            Patience,
            "another link is complete");
        Assert.Same(part, Assert.Single(home.Parts));
    }

    [Fact]
    public async Task Parts_end_with_their_home_and_none_is_opened_after()
    {
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" });
        await PlaceAsync(home, "alice");
        var part = await PlaceAsync(home, "bob");
        await home.InvokeAsync((core, now) => core.End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout, now));
        await part.Ended.WaitAsync(Patience);
        Assert.Null(await _rooms.OpenPartAsync(home, part.Loop));
        await Eventually.IsAsync(() => Task.FromResult(_keeper.Count == 0), Patience, "nothing is kept of it");
        Assert.NotSame(home, await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" }));
    }

    [Fact]
    public async Task A_part_has_what_its_room_has_and_is_set_as_that_is()
    {
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room", NodeName = "node", MaxParticipants = 7, Metadata = "agenda" });
        await PlaceAsync(home, "alice");
        var part = await PlaceAsync(home, "bob");
        var (there, here) = (await part.InvokeAsync((core, _) => core.Info()), await home.InvokeAsync((core, _) => core.Info()));
        Assert.Equal(here, there);
        await home.ReconfigureAsync(before => before with { MaxParticipants = 3, IsEdge = false });
        var options = await part.InvokeAsync((core, _) => core.Options);
        Assert.Equal((3, true, false, part.Loop + 1), (options.MaxParticipants, options.IsEdge, options.EndsWhenEmpty, options.Part));
    }

    [Fact]
    public async Task A_room_whose_loop_is_busy_gets_a_part_on_the_other_for_those_who_come_then()
    {
        var worked = new TimeSpan[2];
        using var keeper = new PartKeeper(_rooms, _media, Spread with { RoomParts = RoomPartMode.Auto }, _faults, _time, NullLogger<PartKeeper>.Instance) { Worked = () => [.. worked] };
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" });
        for (var i = 0; i < PartPlanner.LeastPeople; i++)
        {
            await JoinAsync(keeper, home, $"early-{i}", home);
        }

        Assert.Equal(PartPlanner.LeastPeople, home.People);
        for (var second = 0; second <= PartPlanner.Sustained.TotalSeconds; second++)
        {
            Assert.Same(home, await PlaceAsync(keeper, home, "prober"));
            Assert.Equal(0, keeper.Count);
            await WorkAsync(0.8);
        }

        Assert.Equal(0.8, keeper.Busy[home.Loop], 3);
        Assert.Same(home, await PlaceAsync(keeper, home, "prober"));
        await Eventually.IsAsync(async () => await PlaceAsync(keeper, home, "prober") != home, Patience, "newcomers go to another part");
        var part = Assert.Single(home.Parts);
        await JoinAsync(keeper, home, "late", part);
        await Eventually.IsAsync(async () => await home.InvokeAsync((core, _) => core.FindParticipant("late") is not null), Patience, "the home knows of who came late");

        // Once its home has calmed down it takes nobody more, and still has whom it has.
        await WorkAsync(0.2);
        Assert.Same(home, await PlaceAsync(keeper, home, "prober"));
        Assert.Same(home, await PlaceAsync(keeper, home, "early-0"));
        Assert.Same(part, await PlaceAsync(keeper, home, "late"));

        Task WorkAsync(double share)
        {
            worked[home.Loop] += TimeSpan.FromSeconds(share);
            _time.Advance(TimeSpan.FromSeconds(1));
            return keeper.RefreshAsync();
        }
    }

    [Fact]
    public async Task A_node_counts_the_people_of_all_parts_sends_all_away_and_forgets_nothing_of_a_part_that_is_closed()
    {
        var activity = new NodeActivity(_rooms, _media, Spread, TimeProvider.System);
        var home = await _rooms.GetOrOpenAsync(new RoomOptions { Name = "room" });
        var here = await JoinAsync(await PlaceAsync(home, "here"), "here");
        var there = await JoinAsync(await PlaceAsync(home, "there"), "there");
        var part = Assert.Single(home.Parts);
        Assert.Equal((1, 1), (home.People, part.People));
        await Eventually.IsAsync(
            async () =>
            {
                await activity.RefreshAsync();
                return activity is { Rooms: 1, Participants: 2 } && activity.Reports()[0].ParticipantSeconds > 0.2;
            },
            Patience,
            "one room with two people is reported");

        activity.ReconnectEverybody();
        await Eventually.IsAsync(() => Task.FromResult(here.HasToLeave && there.HasToLeave), Patience, "both are asked to come back elsewhere");
        await activity.RefreshAsync();
        var spent = activity.Reports()[0].ParticipantSeconds;
        Assert.Equal(0, activity.Participants);

        await _keeper.RefreshAsync();
        _time.Advance(PartPlanner.EmptyFor);
        await _keeper.RefreshAsync();
        await part.Ended.WaitAsync(Patience);
        await activity.RefreshAsync();
        Assert.Equal(spent, activity.Reports()[0].ParticipantSeconds, 3);
    }

    private static async Task JoinAsync(PartKeeper keeper, RoomHost home, string identity, RoomHost expected)
    {
        var host = await PlaceAsync(keeper, home, identity);
        Assert.Same(expected, host);
        await JoinAsync(host, identity);
    }

    private static async Task<Deaf> JoinAsync(RoomHost host, string identity)
    {
        var client = new Deaf();
        Assert.Null((await host.InvokeAsync((core, now) => core.Join(Attempt(host, identity), client, now))).Error);
        return client;
    }

    private static async Task<Signaling.Rooms.Links.RoomLink?> LinkOfAsync(RoomHost host) => await host.InvokeAsync((core, _) => core.Links is [var link, ..] ? link : null);

    private static JoinAttempt Attempt(RoomHost home, string identity) => new(
        home.Name,
        new AccessClaims { Issuer = "devkey", Identity = identity, Video = new VideoGrant { RoomJoin = true, Room = home.Name } },
        new JoinParameters { SinglePeerConnection = true, Client = new ClientInfo() });

    private static async Task<RoomHost> PlaceAsync(PartKeeper keeper, RoomHost home, string identity) =>
        await keeper.PlaceAsync(home, Attempt(home, identity), CancellationToken.None);

    private Task<RoomHost> PlaceAsync(RoomHost home, string identity) => PlaceAsync(_keeper, home, identity);

    /// <summary>A client that is told things and says nothing.</summary>
    private sealed class Deaf : ISignalSink
    {
        private volatile bool _hasToLeave;

        public bool HasToLeave => _hasToLeave;

        public void Send(OutboundSignal message) => _hasToLeave |= message.Message.Leave is not null;

        public void Close()
        {
        }

        public void Abort()
        {
        }
    }

    private sealed class NoObserver : IRoomObserver;
}
