using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Fleets;

/// <summary>What the rooms mean for the fleets that carry them. Any thread; answers come from memory.</summary>
public interface IRoomBurden
{
    /// <summary>Rooms of a fleet that wait for a pod, and places held in rooms that have one.</summary>
    RoomDemand DemandOf(ObjectKey cluster);

    /// <summary>How many rooms are placed on a pod, whether it reports them yet or not.</summary>
    int AssignedTo(string ns, string instance);
}

/// <summary>Where no rooms are placed, only what the pods report counts.</summary>
internal sealed class NoRooms : IRoomBurden
{
    public RoomDemand DemandOf(ObjectKey cluster) => RoomDemand.None;

    public int AssignedTo(string ns, string instance) => 0;
}
