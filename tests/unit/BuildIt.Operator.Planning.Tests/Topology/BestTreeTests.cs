using BuildIt.Operator.Planning.Topology;
using Xunit.Abstractions;

namespace BuildIt.Operator.Planning.Tests.Topology;

public sealed class BestTreeTests(ITestOutputHelper output)
{
    private const int Cases = 400;
    private const double Allowed = 1.2;

    [Fact]
    public void What_a_room_grows_to_costs_at_most_a_fifth_more_than_the_best_of_all_trees()
    {
        var (worst, exact) = (1.0, 0);
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var regions = Enumerable.Range(0, random.Next(2, 6)).Select(i => $"r{i}").ToArray();
            var world = new TopologyWorld();
            foreach (var region in regions)
            {
                world.Fleet(region);
            }

            var links = new List<FleetLink>();
            for (var a = 0; a < regions.Length; a++)
            {
                for (var b = a + 1; b < regions.Length; b++)
                {
                    if (random.NextDouble() < 0.7)
                    {
                        var delay = random.Next(5, 150);
                        world.Link(regions[a], regions[b], delay);
                        links.Add(new FleetLink { Name = $"{a}-{b}", A = regions[a], B = regions[b], DelayMilliseconds = delay, IsHealthy = true });
                    }
                }
            }

            world.Seat("r0-0", people: 1);
            world.Room = world.Room with { MaxRegions = 6 };
            foreach (var region in regions)
            {
                var people = random.Next(4) == 0 ? 0 : random.Next(1, 9);
                world.People(region, people, random.Next(0, people + 1));
            }

            var best = new BestTree(regions, links, world.Room.Demand);
            var seats = world.Settle().Seats;
            var cost = best.CostOf(seats);
            var least = best.Least("r0");

            // The planner counts as this does.
            var counted = TopologyPlanner.CostOf(world.Links, world.Room.Demand, [.. seats.Select(seat => seat.Cluster)]);
            if (!double.IsInfinity(counted))
            {
                var leastHere = best.LeastOver([.. seats.Select(seat => seat.Cluster)]);
                Assert.Equal(leastHere, counted, 1e-3 * Math.Max(1, leastHere));
            }

            Assert.True(
                cost <= (least * Allowed) + 1e-6,
                $"seed {seed}: {cost:0.0}, and {least:0.0} is possible; {string.Join(' ', seats.Select(seat => $"{seat.Instance}<{seat.Parent}"))} {string.Join(' ', world.Room.Demand)} {string.Join(' ', links.Select(link => $"{link.Name}:{link.DelayMilliseconds}"))}");
            worst = least > 0 ? Math.Max(worst, cost / least) : worst;
            exact += cost <= least * 1.0001 ? 1 : 0;
        }

        output.WriteLine($"{Cases} cases, {exact} of them the best possible, the worst {worst:0.000} times it");
    }
}
