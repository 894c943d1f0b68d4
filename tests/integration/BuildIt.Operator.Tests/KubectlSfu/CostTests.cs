using BuildIt.KubectlSfu;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.Operator.Tests.KubectlSfu;

public sealed class CostTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 10, 12, 0, 0, TimeSpan.Zero);

    private static readonly SfuCluster[] Fleets =
    [
        Fleet("east", new CostSpec { PodHour = 0.5, EgressGigabyte = 0.1, Currency = "EUR" }),
        Fleet("west", null),
    ];

    private static readonly RegionLink[] Links =
    [
        Link("ns", 0.2),
        Link("elsewhere", 50),
    ];

    private static readonly ConferenceRoom[] Rooms =
    [
        Room("a", "alice", "one", endedHoursAgo: 1, 10),
        Room("b", "alice", "two", endedHoursAgo: null, 20),
        Room("c", "bob", "one", endedHoursAgo: 300, 40),
    ];

    [Fact]
    public void A_fleet_costs_its_pods_and_what_they_sent()
    {
        var view = CostView.Of(Fleets, Links, Rooms, "fleet", Now.AddDays(-2), Now);

        // Two days that were written, whole, and an hour since then with three pods; of rooms those that ended in the time or go on.
        Assert.Equal(["ns/east", "ns/west"], view.Rows.Select(row => row.Key));
        Assert.Equal((5.0, 30_000_000_000L, 3_000_000_000L, (5 * 0.5) + 3.0 + (3 * 0.2), "EUR"), (view.Rows[0].PodHours, view.Rows[0].EgressBytes, view.Rows[0].RelayBytes, view.Rows[0].Cost, view.Rows[0].Currency));
        Assert.Equal((5.0, 0L, null), (view.Rows[1].PodHours, view.Rows[1].EgressBytes, view.Rows[1].Cost));
    }

    [Theory]
    [InlineData("room", "ns/b 20,ns/a 10")]
    [InlineData("creator", "alice 30")]
    [InlineData("label=team", "two 20,one 10")]
    [InlineData("label=absent", "without absent 30")]
    public void Rooms_are_grouped_by_what_is_asked_for(string by, string rows)
    {
        var view = CostView.Of(Fleets, Links, Rooms, by, Now.AddDays(-2), Now);

        Assert.Equal(rows, string.Join(',', view.Rows.Select(row => $"{row.Key} {row.ParticipantMinutes}")));
        Assert.Equal((3.0, "EUR"), (Assert.Single(view.Totals).Cost, view.Totals[0].Currency));
    }

    [Fact]
    public void Other_groups_and_times_are_refused()
    {
        Assert.Throws<CommandFault>(() => CostView.Of(Fleets, Links, Rooms, "colour", Now, Now));
        Assert.Equal((TimeSpan.FromDays(7), TimeSpan.FromHours(12), null, null), (CostView.Span("7d"), CostView.Span("12h"), CostView.Span("7"), CostView.Span("week")));
    }

    private static RegionLink Link(string ns, double cost) => new()
    {
        Metadata = new V1ObjectMeta { Name = "east-west", NamespaceProperty = ns },
        Spec = new RegionLinkSpec { A = new LinkEnd { ClusterRef = new ClusterReference { Name = "east" } }, B = new LinkEnd { ClusterRef = new ClusterReference { Name = "west" } }, Cost = cost },
    };

    private static SfuCluster Fleet(string name, CostSpec? cost) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns" },
        Spec = new SfuClusterSpec { Cost = cost },
        Status = new SfuClusterStatus
        {
            Usage = new FleetUsage
            {
                AsOf = Now.AddHours(-1).UtcDateTime,
                Pods = 3,
                Days = [new FleetDay { Day = "2027-01-01", PodSeconds = 999_999 }, new FleetDay { Day = "2027-01-08", PodSeconds = 3_600 }, new FleetDay { Day = "2027-01-10", PodSeconds = 3_600 }],
            },
        },
    };

    private static ConferenceRoom Room(string name, string creator, string team, int? endedHoursAgo, int amount) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns", Labels = new Dictionary<string, string> { ["team"] = team } },
        Spec = new ConferenceRoomSpec { CreatedBy = creator },
        Status = new ConferenceRoomStatus
        {
            EndedAt = endedHoursAgo is { } hours ? Now.AddHours(-hours).UtcDateTime : null,
            Usage = new ConferenceUsage
            {
                ParticipantMinutes = amount,
                EgressBytes = amount * 1_000_000_000L,
                Cost = amount * 0.1,
                Currency = "EUR",
                Seats = [new SeatUsage { Id = "a", Cluster = "east", EgressBytes = amount * 1_000_000_000L, ParticipantSeconds = amount * 60, Relays = [new RelayUsage { Cluster = "west", Bytes = amount * 100_000_000L }] }],
            },
        },
    };
}
