using System.Globalization;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.KubectlSfu.Replay;

/// <summary>Changes an observation into one that might be. Pure.</summary>
internal static class WhatIf
{
    /// <summary>The same with another spec. Its name and whether the fleet is being deleted stay.</summary>
    public static FleetObservation WithSpec(FleetObservation observed, FleetSpec spec) =>
        observed with { Spec = spec with { Name = observed.Spec.Name, Deleting = observed.Spec.Deleting } };

    /// <summary>The same with so many times the load: people, rooms and rates on every pod, and whoever waits or is expected.</summary>
    public static FleetObservation WithLoad(FleetObservation observed, double factor) => observed with
    {
        Instances =
        [
            .. observed.Instances.Select(instance => instance with
            {
                Load = instance.Load is { } load ? Times(load, factor) : null,
                AssignedRooms = Times(instance.AssignedRooms, factor),
            }),
        ],
        Demand = observed.Demand with
        {
            PendingRooms = [.. Enumerable.Range(0, Times(observed.Demand.PendingRooms.Count, factor)).Select(i => observed.Demand.PendingRooms[i % observed.Demand.PendingRooms.Count])],
            ReservedParticipants = Times(observed.Demand.ReservedParticipants, factor),
            ReservedRooms = Times(observed.Demand.ReservedRooms, factor),
        },
    };

    /// <summary>The same without a pod, whose load the others take.</summary>
    /// <exception cref="CommandFault">There is no such pod.</exception>
    public static FleetObservation Without(FleetObservation observed, string pod)
    {
        var gone = observed.Instances.FirstOrDefault(instance => instance.Name == pod)
            ?? throw new CommandFault($"the fleet has no pod {pod}; it has {string.Join(", ", observed.Instances.Select(instance => instance.Name))}");
        return Spread(observed with { Instances = [.. observed.Instances.Where(instance => instance != gone)] }, gone);
    }

    /// <summary>Gives what a pod carried to the others, the emptiest of those that take rooms first; where there is none, it waits.</summary>
    public static FleetObservation Spread(FleetObservation observed, InstanceObservation from)
    {
        var load = from.Load ?? PodLoad.None;
        var rooms = Math.Max(load.Rooms, from.AssignedRooms);
        if (rooms == 0 && load.IsEmpty)
        {
            return observed;
        }

        var heir = observed.Instances.Where(instance => instance is { ReadySince: not null, IsDraining: false } && instance.Name != from.Name)
            .OrderBy(instance => (instance.Load ?? PodLoad.None).Highest(observed.Spec.Capacity)).FirstOrDefault();
        if (heir is null)
        {
            var each = Math.Max(1, load.Participants / Math.Max(1, rooms));
            return observed with { Demand = observed.Demand with { PendingRooms = [.. observed.Demand.PendingRooms, .. Enumerable.Repeat(each, Math.Max(1, rooms))] } };
        }

        return observed with
        {
            Instances = [.. observed.Instances.Select(instance => instance == heir ? heir with { Load = (heir.Load ?? PodLoad.None) + load, AssignedRooms = heir.AssignedRooms + rooms } : instance)],
        };
    }

    /// <summary>A factor as people write it: <c>x1.5</c>, <c>1.5</c> or <c>150%</c>.</summary>
    public static double? Factor(string text)
    {
        var percent = text.EndsWith('%');
        return double.TryParse(text.TrimStart('x', 'X').TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 100_000
            ? number / (percent ? 100 : 1)
            : null;
    }

    // The share of the processor is a pod's own; more than all of it nobody uses.
    private static PodLoad Times(PodLoad load, double factor) => new(
        Times(load.Rooms, factor), Times(load.Participants, factor), Times(load.Publishers, factor), Times(load.Subscribers, factor),
        (long)(load.Ingress * factor), (long)(load.Egress * factor), load.Cpu * factor);

    private static int Times(int count, double factor) => (int)Math.Min(int.MaxValue / 2, Math.Ceiling(count * factor));
}
