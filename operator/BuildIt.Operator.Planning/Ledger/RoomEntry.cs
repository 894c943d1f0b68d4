namespace BuildIt.Operator.Planning.Ledger;

/// <summary>A room with its seats.</summary>
internal sealed class RoomEntry(string name)
{
    public string Name { get; } = name;

    /// <summary>Number of the placement.</summary>
    public long Generation { get; set; }

    /// <summary>Number of the arrangement of its seats within the generation.</summary>
    public long Revision { get; set; }

    /// <summary>Null when only further seats are known of it.</summary>
    public SeatEntry? Origin { get; set; }

    /// <summary>Its further seats; null when it has none, as nearly every room.</summary>
    public List<SeatEntry>? Edges { get; set; }

    /// <summary>Where it is; null when it has no origin.</summary>
    public PlacedRoom? Place => Origin is { } origin
        ? new PlacedRoom
        {
            Room = Name,
            Cluster = origin.Cluster,
            Instance = origin.Pod.Instance,
            PlacedAt = origin.Since,
            Expected = origin.Expected,
            Generation = Generation,
            Revision = Revision,
            Losses = origin.Losses,
        }
        : null;

    public bool IsEmpty => Origin is null && Edges is null;

    /// <summary>Its seat on a pod. Where the origin is on the pod of an edge for a moment, it is the origin.</summary>
    public SeatEntry? On(string instance) => Origin is { } origin && origin.Pod.Instance == instance ? origin : EdgeOn(instance);

    public SeatEntry? EdgeOn(string instance)
    {
        if (Edges is { } edges)
        {
            foreach (var edge in edges)
            {
                if (edge.Pod.Instance == instance)
                {
                    return edge;
                }
            }
        }

        return null;
    }
}
