namespace BuildIt.Operator.Planning.Placement;

/// <summary>How well a pod suits a room. Of two, the one that compares lower is taken.</summary>
/// <param name="Peers">Rooms on the pod under which as many pods have died; 0 for a room under which none has.</param>
/// <param name="Crowded">The pod would be above <see cref="PlacementPolicy.Comfort"/>. Avoided even at the price of another region.</param>
/// <param name="RegionRank">The place of its region among the wished ones; 0 is the first.</param>
/// <param name="Old">The pod is of an old revision and will go.</param>
/// <param name="AboveTarget">The pod would be above its target.</param>
/// <param name="Load">Its load with the room.</param>
internal readonly record struct Suitability(int Peers, bool Crowded, int RegionRank, bool Old, bool AboveTarget, double Load)
    : IComparable<Suitability>
{
    public int CompareTo(Suitability other)
    {
        if (Peers != other.Peers)
        {
            return Peers.CompareTo(other.Peers);
        }

        if (Crowded != other.Crowded)
        {
            return Crowded ? 1 : -1;
        }

        if (RegionRank != other.RegionRank)
        {
            return RegionRank.CompareTo(other.RegionRank);
        }

        if (Old != other.Old)
        {
            return Old ? 1 : -1;
        }

        if (AboveTarget != other.AboveTarget)
        {
            return AboveTarget ? 1 : -1;
        }

        // Within the target the fullest pod is filled up, so that others stay empty and may go; above it the load is spread.
        return AboveTarget ? Load.CompareTo(other.Load) : other.Load.CompareTo(Load);
    }
}
