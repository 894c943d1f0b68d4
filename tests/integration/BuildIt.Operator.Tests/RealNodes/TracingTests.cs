using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.TestClient;
using BuildIt.Testing.Nostr;
using BuildIt.Testing.Traces;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// What docs/tracing.md says of one creation, one join and one failover is what a collector gets of room API, operator and nodes, each a
/// process of its own.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class TracingTests(OperatorFixture fixture)
{
    private const string RoomApi = "buildit-room-api", Operator = "buildit-sfu-operator", Node = "buildit-sfu-node";

    [Fact]
    public async Task A_join_and_a_failover_are_told_from_request_to_media()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var control = new ControlPlane();
        await using var world = await RealWorld.CreateAsync(fixture, real: 2, start: (fleet, redis) => control.StartAsync(fleet, fixture.Cluster, redis, new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Grpc.ToString(),
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        }));
        async Task<string> SeenAsync() => $"{string.Join('\n', collector.Spans)}\n{await world.DescribeAsync()}\n{control.Log}";
        async Task<ReceivedSpan> SpanAsync(string service, string name, Func<ReceivedSpan, bool>? which = null)
        {
            ReceivedSpan? found = null;
            await Eventually.TrueAsync(
                () => (found = collector.Spans.FirstOrDefault(span => span.Service == service && span.Name == name && which?.Invoke(span) != false)) is not null, $"{service} tells of {name}", SeenAsync);
            return found!;
        }

        // The room comes to be.
        using var api = new RoomApiClient(control.Applications, ControlPlane.PublicUrl);
        var (host, guest) = (new NostrSigner(), new NostrSigner());
        var created = await api.CreateAsync(host, "a name that people see");
        var owner = world.OwnerOf(await world.Rooms.ReadyAsync(created.RoomId));
        var creation = await SpanAsync(RoomApi, "room-api.create");
        var placed = await SpanAsync(Operator, "operator.place");
        AssertRoot(creation);
        AssertChild(creation, await SpanAsync(RoomApi, "room-api.wait"));
        AssertChild(creation, placed);
        AssertChild(placed, await SpanAsync(Operator, "operator.publish"));
        Assert.Equal((created.RoomId, owner.Name, "1"), (placed.Attributes["buildit.room"], placed.Attributes["buildit.instance"], placed.Attributes["buildit.generation"]));
        Assert.Equal("201", creation.Attributes["http.response.status_code"]);

        // Somebody joins, and arrives at the node that does not serve it.
        var joining = await api.JoinAsync(guest, created.RoomId);
        await using (await JoinAsync(world, joining, world.Others(owner)[0]))
        {
            var join = await SpanAsync(RoomApi, "room-api.join");
            var passed = await SpanAsync(Node, "node.proxy");
            var joined = await SpanAsync(Node, "node.join");
            var opened = await SpanAsync(Node, "node.open");
            AssertRoot(join);
            AssertChild(join, passed);
            AssertChild(join, joined);
            AssertChild(placed, opened);
            Assert.Equal((world.Others(owner)[0].Name, owner.Name, owner.Name), (passed.Instance, joined.Instance, opened.Instance));
            Assert.Equal([Link(placed)], joined.Links);
            Assert.Equal(["room found", "in the room"], joined.Events);
            Assert.False(joined.IsError);
            Assert.Contains($"TraceId={creation.TraceId}", owner.Log, StringComparison.Ordinal);
        }

        // Its node dies.
        await owner.KillAsync();
        await world.Rooms.UntilAsync(created.RoomId, "fails over", status => status.Failovers == 1 && status.Phase is Api.RoomPhase.Ready);
        var failover = await SpanAsync(Operator, "operator.failover");
        var again = await SpanAsync(Operator, "operator.place", span => span.TraceId == failover.TraceId);
        var heir = await SpanAsync(Node, "node.open", span => span.TraceId == failover.TraceId);
        AssertRoot(failover);
        Assert.Equal([Link(creation)], failover.Links);
        AssertChild(failover, again);
        AssertChild(again, await SpanAsync(Operator, "operator.publish", span => span.TraceId == failover.TraceId));
        AssertChild(failover, heir);
        Assert.Equal((again.Attributes["buildit.instance"], again.Attributes["buildit.generation"]), (heir.Instance, heir.Attributes["buildit.generation"]));
        Assert.True(failover.Duration >= again.Duration);

        // Whoever comes back says to which failover.
        await using (await JoinAsync(world, joining, world.Nodes.Single(node => node.Name == heir.Instance)))
        {
            var back = await SpanAsync(Node, "node.join", span => span.Instance == heir.Instance);
            Assert.Contains(Link(failover), back.Links);
        }

        string[] secrets = [joining.ParticipantId, created.ParticipantId, joining.JoinToken, Convert.ToHexStringLower(guest.PublicKey), "a name that people see", "127.0.", .. world.Nodes.Select(node => node.Ip)];
        Assert.All(collector.Spans, span => Assert.DoesNotContain(secrets, secret => span.ToString().Contains(secret, StringComparison.Ordinal)
            || span.Attributes.Values.Any(value => value.Contains(secret, StringComparison.Ordinal))));
    }

    private static void AssertRoot(ReceivedSpan span) => Assert.Equal(string.Empty, span.ParentId);

    private static void AssertChild(ReceivedSpan parent, ReceivedSpan child) => Assert.Equal((parent.TraceId, parent.SpanId), (child.TraceId, child.ParentId));

    private static string Link(ReceivedSpan span) => $"{span.TraceId}-{span.SpanId}";

    private static Task<HeadlessParticipant> JoinAsync(RealWorld world, RoomAccess access, NodeProcess through) => HeadlessParticipant.JoinAsync(new HeadlessOptions
    {
        Url = through.Signal,
        Token = access.JoinToken,
        Network = world.Network,
        SinglePeerConnection = false,
    });
}
