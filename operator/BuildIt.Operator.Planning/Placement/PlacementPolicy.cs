namespace BuildIt.Operator.Planning.Placement;

/// <summary>Limits of placement.</summary>
public static class PlacementPolicy
{
    /// <summary>No pod is filled above this while another in any wanted region is below.</summary>
    public const double Comfort = 0.8;

    /// <summary>
    /// How long places are held for participants who were expected and have not come. After that the room counts with those
    /// who are there.
    /// </summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);
}
