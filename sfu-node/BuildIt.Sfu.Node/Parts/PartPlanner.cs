namespace BuildIt.Sfu.Node.Parts;

/// <summary>
/// Decides how a room is spread over the loops of its node: where somebody who joins is served, when a part is opened and when it is
/// closed. Nobody who is there is moved. Pure.
/// </summary>
/// <remarks>
/// Each bound has another beside it at which the opposite is done, so that nothing is done and undone in turn: a part is opened at 60 % and
/// filled until its home is under 50 %; an empty one waits for half a minute.
/// </remarks>
public static class PartPlanner
{
    /// <summary>A loop that is as busy as this should take nobody more.</summary>
    public const double OpenAbove = 0.6;

    /// <summary>A home that is less busy than this takes everybody: what crosses between parts costs both.</summary>
    public const double StayBelow = 0.5;

    /// <summary>A loop that is to have a part is less busy than those that have one by this.</summary>
    public const double Room = 0.25;

    /// <summary>A part that takes somebody is less busy than its home by this.</summary>
    public const double Margin = 0.1;

    /// <summary>A part receives once what is watched in it: with fewer people in the room that saves nothing.</summary>
    public const int LeastPeople = 12;

    /// <summary>What somebody who has just come is taken to cost a loop until that is measured.</summary>
    public const double PersonShare = 0.01;

    /// <summary>For how long a home has been busy when a part is opened: a burst is none.</summary>
    public static readonly TimeSpan Sustained = TimeSpan.FromSeconds(3);

    /// <summary>How long a part stays open with nobody in it.</summary>
    public static readonly TimeSpan EmptyFor = TimeSpan.FromSeconds(30);

    /// <summary>Somebody joins.</summary>
    /// <param name="loops">All loops of the node.</param>
    /// <param name="parts">The room's parts, its home first.</param>
    public static PartPlan Place(ReadOnlySpan<LoopLoad> loops, ReadOnlySpan<PartLoad> parts)
    {
        var home = parts[0];
        var best = home;
        var people = home.People;
        var isOpening = false;
        foreach (var part in parts[1..])
        {
            people += part.People;
            isOpening |= !part.IsReady;
            if (part.IsReady && (best == home || IsBetter(part, best, loops)))
            {
                best = part;
            }
        }

        var busy = Expected(loops[home.Loop]);
        if (busy < StayBelow || Expected(loops[best.Loop]) > busy - Margin)
        {
            best = home;
        }

        var opens = !isOpening && people >= LeastPeople && loops[home.Loop].BusyFor >= Sustained && Expected(loops[best.Loop]) >= OpenAbove
            ? Free(loops, parts, Expected(loops[best.Loop]) - Room)
            : null;
        return new PartPlan(best.Loop, opens);
    }

    /// <summary>Whether a part that nobody has been in for some time is closed.</summary>
    public static bool Closes(TimeSpan empty) => empty >= EmptyFor;

    private static double Expected(in LoopLoad loop) => loop.Busy + loop.Arrivals * PersonShare;

    private static bool IsBetter(in PartLoad part, in PartLoad than, ReadOnlySpan<LoopLoad> loops)
    {
        var (here, there) = (Expected(loops[part.Loop]), Expected(loops[than.Loop]));
        return here < there || (here == there && (part.People, part.Loop).CompareTo((than.People, than.Loop)) < 0);
    }

    /// <summary>The least busy of the loops that have no part of the room; null when none is as idle as that.</summary>
    private static int? Free(ReadOnlySpan<LoopLoad> loops, ReadOnlySpan<PartLoad> parts, double most)
    {
        int? free = null;
        for (var loop = 0; loop < loops.Length; loop++)
        {
            if (Expected(loops[loop]) <= most && !Has(parts, loop) && (free is not { } known || Expected(loops[loop]) < Expected(loops[known])))
            {
                free = loop;
            }
        }

        return free;
    }

    private static bool Has(ReadOnlySpan<PartLoad> parts, int loop)
    {
        foreach (var part in parts)
        {
            if (part.Loop == loop)
            {
                return true;
            }
        }

        return false;
    }
}
