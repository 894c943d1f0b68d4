namespace BuildIt.Operator.Planning.Placement;

/// <summary>Limits of placement.</summary>
public static class PlacementPolicy
{
    /// <summary>No pod is filled above this while another in any wanted region is below.</summary>
    public const double Comfort = 0.8;
}
