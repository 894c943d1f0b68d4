namespace BuildIt.RoomApi.Regions;

/// <summary>One fleet as the choice of a region sees it.</summary>
/// <param name="Cluster">Name of the SfuCluster.</param>
/// <param name="Region">Its region.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Load">Share of capacity in use, 0 to 1 and above.</param>
/// <param name="Available">False while no pod of it accepts rooms.</param>
/// <param name="Endpoint">What clients connect to, for example <c>wss://sfu.example.com</c>; null when the fleet has no public name.</param>
public sealed record FleetView(string Cluster, string Region, Place Place, double Load, bool Available, string? Endpoint)
{
    /// <summary>Names of the SfuClusters to which a RegionLink joins it that is established: rooms of theirs can be joined here.</summary>
    public IReadOnlySet<string> LinkedTo { get; init; } = new HashSet<string>();
}
