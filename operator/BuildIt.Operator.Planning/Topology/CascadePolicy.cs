namespace BuildIt.Operator.Planning.Topology;

/// <summary>Limits of cascading, and what things are worth. Weights are in milliseconds of delay for one person.</summary>
public static class CascadePolicy
{
    /// <summary>The most seats of one room.</summary>
    public const int MaxSeats = 64;

    /// <summary>A seat whose pod is fuller takes no newcomers, and the room gets another.</summary>
    public const double Full = 0.8;

    /// <summary>The same for a room that is less than <see cref="LargePart"/> of what its pod may carry.</summary>
    public const double FullForSmall = 0.95;

    /// <summary>From which part of a pod's places on a room is what fills it.</summary>
    public const double LargePart = 0.25;

    /// <summary>A seat that was closed is opened again when its pod is emptier than full by what this is below <see cref="Full"/>.</summary>
    public const double Open = 0.7;

    /// <summary>A fleet whose people would fill so little of one pod less gives that pod up, as people leave.</summary>
    public const double Sparse = 0.5;

    /// <summary>The same once it has begun to give it up.</summary>
    public const double SparseStill = 0.6;

    /// <summary>What it is worth that one stream less crosses between two regions.</summary>
    public const double StreamWeight = 4;

    /// <summary>What a further seat costs: more than one stream.</summary>
    public const double SeatWeight = 6;

    /// <summary>Most streams that one person watches at once: a page of faces.</summary>
    public const int MostWatched = 9;

    /// <summary>How long something must be worth it before it is done, where nothing is broken.</summary>
    public static readonly TimeSpan AddAfter = TimeSpan.FromSeconds(3);

    /// <summary>How long nobody must have been behind a seat before it goes.</summary>
    public static readonly TimeSpan RemoveAfter = TimeSpan.FromSeconds(60);

    /// <summary>How long another tree must have been better before the room takes it, and the least time between two such changes.</summary>
    public static readonly TimeSpan MoveAfter = TimeSpan.FromSeconds(60);

    /// <summary>By how much another tree must be better, as a fraction of the present one's cost.</summary>
    public const double MoveGain = 0.15;

    /// <summary>How long a seat is kept that no link leads to and that does not have the room: it serves those it has, and the link may come back.</summary>
    public static readonly TimeSpan CutOffPatience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long an edge may be without its parent while their link counts as healthy, before it is given another way. It says so after a
    /// second, and has the rest to say that it was nothing.
    /// </summary>
    public static readonly TimeSpan ParentPatience = TimeSpan.FromSeconds(1.5);

    /// <summary>The same of one that has not had the room from this parent yet: opening a link takes some ten times the way there and back.</summary>
    public static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a new seat is waited for before the one it replaces goes.</summary>
    public static readonly TimeSpan HandoverPatience = TimeSpan.FromSeconds(10);
}
