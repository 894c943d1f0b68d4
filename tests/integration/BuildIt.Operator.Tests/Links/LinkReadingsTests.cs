using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Links;

/// <summary>What single nodes report, and what follows for the path between two fleets.</summary>
public sealed class LinkReadingsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, (Heartbeat, TimeSpan)> _heard = new(StringComparer.Ordinal);

    [Fact]
    public void Links_that_are_up_are_averaged_and_their_rooms_and_bytes_added()
    {
        Heard("us-0", Link("eu-0") with { RoundTripMilliseconds = 80, LossFraction = 0.02, Rooms = 2, SentBytes = 100, BandwidthBitsPerSecond = 5 });
        Heard("us-1", Link("eu-0") with { RoundTripMilliseconds = 100, LossFraction = 0, Rooms = 1, SentBytes = 11, BandwidthBitsPerSecond = 7 });
        Heard("eu-0");

        var reading = Read();

        Assert.Equal((2, 3, 7L), (reading.Up, reading.Rooms, reading.Bandwidth!.Value));
        Assert.Equal([new SentOver("us-0", "eu-0", 100), new SentOver("us-1", "eu-0", 11)], reading.Sent);
        Assert.Equal(90, reading.RoundTrip);
        Assert.Equal(0.01, reading.Loss!.Value, 6);
        Assert.Null(reading.Jitter);
    }

    [Fact]
    public void A_peer_that_is_silent_itself_says_nothing_of_the_path()
    {
        Heard("us-0", Link("eu-0") with { State = LinkState.Broken });
        Assert.Equal(0, Read().Broken);

        Heard("eu-0");
        Assert.Equal(1, Read().Broken);

        // One that missed a heartbeat may be dead by now.
        _heard["eu-0"] = (_heard["eu-0"].Item1, TimeSpan.FromSeconds(2.1));
        Assert.Equal(0, Read().Broken);
    }

    [Fact]
    public void Whoever_is_of_another_fleet_does_not_count()
    {
        Heard("us-0", Link("ap-0"));
        Heard("ap-0");

        Assert.Equal(0, Read().Up);
    }

    [Fact]
    public void A_link_that_has_been_silent_too_long_is_broken_whatever_its_node_calls_it()
    {
        Heard("us-0", Link("eu-0") with { SilentSeconds = 6.1 });
        Heard("eu-0");

        Assert.Equal((0, 1), (Read().Up, Read().Broken));
    }

    [Fact]
    public void Nonsense_is_held_to_what_can_be()
    {
        Heard("us-0", Link("eu-0") with { RoundTripMilliseconds = double.NaN, LossFraction = 7, Rooms = -3, SentBytes = -1, BandwidthBitsPerSecond = long.MaxValue });
        Heard("eu-0");

        var reading = Read();

        Assert.Null(reading.RoundTrip);
        Assert.Equal(1, reading.Loss);
        Assert.Equal(0, reading.Rooms);
        Assert.Equal(0, Assert.Single(reading.Sent).Bytes);
        Assert.InRange(reading.Bandwidth!.Value, 1, 100_000_000_000_000);
    }

    [Fact]
    public void The_oldest_pod_that_can_keeps_the_link_and_goes_on_doing_so()
    {
        var (us, eu) = (Fleet("us", "us-0", "us-1"), Fleet("eu", "eu-0"));
        var chosen = LinkOrderBook.Choose(us, eu, [], TimeSpan.FromSeconds(1));
        Assert.Equal(["us-0", "eu-0"], chosen.Select(end => end.Node));

        var later = Fleet("us", "us-1", "us-2");
        var again = LinkOrderBook.Choose(later, eu, chosen, TimeSpan.FromSeconds(1));
        Assert.Equal(["us-1", "eu-0"], again.Select(end => end.Node));
        Assert.Equal(["us-1", "eu-0"], LinkOrderBook.Choose(us, eu, again, TimeSpan.FromSeconds(1)).Select(end => end.Node));
        Assert.Empty(LinkOrderBook.Choose(us, Fleet("eu"), again, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Only_what_people_would_want_to_know_is_written()
    {
        var link = new RegionLink { Metadata = new() { Name = "us-eu", Generation = 1 } };
        var well = LinkHealth.Judge(LinkVerdict.Unknown, new LinkReading { Up = 1, RoundTrip = 80 }, new LinkReading { Up = 1 }, new LinkLimits(Patience, 400, 0.05), Now);
        var written = Status(new LinkReading { Up = 1, RoundTrip = 80 }, well, Now);

        link.Status = written;

        // A millisecond, or that it was measured again, is no news; another delay is, in its turn; another condition is at once.
        Assert.False(LinkStatusBuilder.IsDue(written, Status(new LinkReading { Up = 1, RoundTrip = 80.4 }, well, Now.AddMinutes(1)), Now, Now.AddMinutes(1)));
        Assert.True(LinkStatusBuilder.IsDue(written, Status(new LinkReading { Up = 1, RoundTrip = 80.4 }, well, Now.AddMinutes(6)), Now, Now.AddMinutes(6)));
        Assert.False(LinkStatusBuilder.IsDue(written, Status(new LinkReading { Up = 1, RoundTrip = 120 }, well, Now.AddSeconds(2)), Now, Now.AddSeconds(2)));
        Assert.True(LinkStatusBuilder.IsDue(written, Status(new LinkReading { Up = 1, RoundTrip = 120 }, well, Now.AddSeconds(21)), Now, Now.AddSeconds(21)));
        var broken = LinkHealth.Judge(well, new LinkReading { Broken = 1 }, default, new LinkLimits(Patience, 400, 0.05), Now.AddSeconds(1));
        Assert.True(LinkStatusBuilder.IsDue(written, Status(default, broken, Now.AddSeconds(1)), Now, Now.AddSeconds(1)));

        RegionLinkStatus Status(LinkReading reading, LinkVerdict verdict, DateTimeOffset now)
        {
            return LinkStatusBuilder.Build(link, verdict, reading, reading, null, null, "a and b are connected", now);
        }
    }

    private LinkReading Read() => LinkReadings.Of(
        Fleet("us", "us-0", "us-1"), Fleet("eu", "eu-0"), name => _heard.TryGetValue(name, out var heard) ? heard : null, Patience);

    private void Heard(string node, params LinkReport[] links) => _heard[node] = (
        new Heartbeat
        {
            Node = new NodeId(node),
            Namespace = "ns",
            Cluster = node.Split('-')[0],
            Region = node.Split('-')[0],
            Revision = "r",
            State = NodeState.Serving,
            Load = NodeLoad.None,
            Capacity = NodeCapacity.Default,
            Endpoints = new NodeEndpoints { Signal = "http://n", Control = "https://n" },
            StartedAt = Now,
            Sequence = 1,
            Links = links,
        },
        TimeSpan.FromSeconds(1));

    private static LinkReport Link(string peer) => new() { Peer = new NodeId(peer), State = LinkState.Up };

    private static FleetView Fleet(string name, params string[] pods) => new(
        new ObjectKey("ns", name),
        new SfuCluster { Spec = new SfuClusterSpec { Region = name } },
        new FleetSpec { Name = name, Revision = "r" },
        [
            .. pods.Select((pod, i) => new FleetInstance(
                new InstanceObservation { Name = pod, Revision = "r", CreatedAt = Now.AddMinutes(i - 60) },
                Liveness.Alive,
                new NodeEndpoints { Signal = "http://n", Control = "https://n", Relay = "n:7884" },
                [],
                Now)),
        ],
        Held: false);
}
