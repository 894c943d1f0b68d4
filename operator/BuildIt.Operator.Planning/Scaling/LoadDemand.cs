using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Scaling;

/// <summary>How many pods the load asks for, and which measure asks for most.</summary>
internal readonly record struct LoadDemand(int Pods, LoadMetric Metric, double PodsFull)
{
    // A fleet that sits exactly at its target must not grow for the last bit of a floating-point sum.
    private const double Tolerance = 1e-9;

    public static LoadDemand Of(FleetSpec spec, PodLoad total, RoomDemand demand)
    {
        var expected = demand.ReservedParticipants;
        var rooms = demand.ReservedRooms + demand.PendingRooms.Count;
        foreach (var participants in demand.PendingRooms)
        {
            expected += participants;
        }

        // Whoever is expected is assumed to publish and to subscribe: too much for a moment is better than too little.
        total += new PodLoad(rooms, expected, expected, expected, 0, 0, 0);
        var target = Math.Clamp(spec.Scaling.TargetUtilization, 0.01, 1);
        var most = new LoadDemand(0, spec.Scaling.Metrics.Count > 0 ? spec.Scaling.Metrics[0] : LoadMetric.Publishers, 0);
        foreach (var metric in spec.Scaling.Metrics)
        {
            var full = total.FractionOf(spec.Capacity, metric);
            var pods = (int)Math.Min(int.MaxValue / 4, Math.Ceiling((full / target) - Tolerance));
            if (pods > most.Pods || (pods == most.Pods && full > most.PodsFull))
            {
                most = new LoadDemand(pods, metric, full);
            }
        }

        return most;
    }
}
