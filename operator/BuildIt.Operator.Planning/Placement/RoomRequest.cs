namespace BuildIt.Operator.Planning.Placement;

/// <summary>A room that needs a pod.</summary>
public sealed record RoomRequest
{
    /// <summary>Expected participants when nobody said.</summary>
    public const int UsualParticipants = 10;

    public required string Room { get; init; }

    /// <summary>The generation of its last placement; 0 when it never had one.</summary>
    public long Generation { get; init; }

    /// <summary>Regions in order of preference; empty when every region will do.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Fleets that may serve it, as its selector names them; null when every fleet may.</summary>
    public IReadOnlySet<string>? Clusters { get; init; }

    /// <summary>How many participants are expected; null when nobody said.</summary>
    public int? ExpectedParticipants { get; init; }

    /// <summary>How many participants it allows; 0 for no limit.</summary>
    public int MaxParticipants { get; init; }

    /// <summary>Pods it must not go to: the one it fails over from, or moves away from.</summary>
    public IReadOnlyList<string> Avoid { get; init; } = [];

    /// <summary>The one pod it may go to, because a person named it; null for any. What is said of regions and fleets holds all the same.</summary>
    public string? Only { get; init; }

    /// <summary>
    /// How often its pod died under it lately. Rooms of which one may be the cause are kept apart, so that the next death shows which.
    /// </summary>
    public int Losses { get; init; }

    /// <summary>It is one seat of several: the pod has to accept links.</summary>
    public bool MustRelay { get; init; }

    /// <summary>Media that other pods will send to the seat, in bits per second.</summary>
    public long Relay { get; init; }

    /// <summary>The part of a pod's places that is counted on for the room, above 0 and up to 1.</summary>
    public double Part { get; init; } = 1;

    /// <summary>The participants to hold places for.</summary>
    public int Expected
    {
        get
        {
            var expected = Math.Max(1, ExpectedParticipants ?? UsualParticipants);
            return MaxParticipants > 0 ? Math.Min(expected, MaxParticipants) : expected;
        }
    }
}
