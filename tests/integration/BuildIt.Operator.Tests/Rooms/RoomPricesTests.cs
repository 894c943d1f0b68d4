using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Prices are kept until what they follow from changes, without a cluster.</summary>
public sealed class RoomPricesTests
{
    private readonly FleetDirectory _directory = new();
    private readonly Cache _links = new();
    private readonly RoomPrices _prices;

    public RoomPricesTests()
    {
        _prices = new RoomPrices(_directory, _links);
        Round("east", new CostSpec { PodHour = 1 });
        Round("west", null);
    }

    [Fact]
    public void What_changes_nothing_about_prices_leaves_them_as_they_are()
    {
        var before = _prices.Of("ns");
        Round("east", new CostSpec { PodHour = 1 });
        Round("west", null);
        Put(Link(1, new RegionLinkStatus()), before: Link(1));

        Assert.Same(before, _prices.Of("ns"));
        Assert.NotSame(before, _prices.Of("elsewhere"));
        Assert.Equal(1, before.Of("east")?.PodHour);
        Assert.Null(before.Of("west"));
    }

    [Fact]
    public void A_fleet_that_costs_otherwise_or_is_gone_changes_them()
    {
        _prices.Of("ns");
        Round("west", new CostSpec { PodHour = 2 });
        Assert.Equal(2, _prices.Of("ns").Of("west")?.PodHour);
        Round("west", new CostSpec { PodHour = 3 });
        Assert.Equal(3, _prices.Of("ns").Of("west")?.PodHour);

        _directory.Forget(new ObjectKey("ns", "west"));

        Assert.Null(_prices.Of("ns").Of("west"));
    }

    [Fact]
    public void A_link_that_comes_changes_or_goes_changes_them()
    {
        Assert.Equal(0, Relayed());
        Put(Link(2), before: null);
        Assert.Equal(2, Relayed());
        Put(Link(5), before: Link(2));
        Assert.Equal(5, Relayed());
        Put(null, before: Link(5));
        Assert.Equal(0, Relayed());
    }

    private double? Relayed() => _prices.Of("ns").TrafficOf(new SeatUsage { Id = "x", Cluster = "east", Relays = [new RelayUsage { Cluster = "west", Bytes = 1_000_000_000 }] });

    private void Round(string fleet, CostSpec? cost) => _directory.Put(new FleetView(
        new ObjectKey("ns", fleet), new SfuCluster { Spec = new SfuClusterSpec { Region = fleet, Cost = cost } }, new FleetSpec { Name = fleet, Revision = "r" }, [], Held: false));

    private void Put(RegionLink? link, RegionLink? before)
    {
        _links.All = link is null ? [] : [link];
        _prices.Hear(new ObjectChange<RegionLink>(before, link));
    }

    private static RegionLink Link(double cost, RegionLinkStatus? status = null) => new()
    {
        Metadata = new() { Name = "link", NamespaceProperty = "ns" },
        Spec = new RegionLinkSpec { A = Of("east"), B = Of("west"), Cost = cost },
        Status = status,
    };

    private static LinkEnd Of(string fleet) => new() { ClusterRef = new ClusterReference { Name = fleet } };

    private sealed class Cache : IObjectCache<RegionLink>
    {
        public IReadOnlyList<RegionLink> All { get; set; } = [];

        public bool IsSynced => true;

        public RegionLink? Find(ObjectKey key) => null;

        public IReadOnlyList<RegionLink> List(string? ns = null) => [.. All.Where(link => link.Metadata.NamespaceProperty == ns)];

        public IReadOnlyList<RegionLink> FindBy(string index, string value) => [];

        public IReadOnlyList<RegionLink> OwnedBy(string ownerUid) => [];
    }
}
