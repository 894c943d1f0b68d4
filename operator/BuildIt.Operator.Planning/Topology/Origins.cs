namespace BuildIt.Operator.Planning.Topology;

/// <summary>Finds another origin among the edges when the present one is lost or to go.</summary>
internal static class Origins
{
    /// <summary>Puts the best edge first, if the origin cannot stay.</summary>
    /// <returns>False when it cannot stay and no edge can take its place.</returns>
    public static bool Settle(Draft draft)
    {
        var origin = draft.Origin;
        if (origin.Before!.Condition is not (SeatCondition.Lost or SeatCondition.Leaving))
        {
            return true;
        }

        var isLost = origin.Before.Condition is SeatCondition.Lost;
        DraftSeat? best = null;
        foreach (var seat in draft.Seats)
        {
            // Whoever leaves calmly does so for a pod beside it: the room is where its people are. From the dead any heir will do.
            if (seat != origin && seat.Before!.Condition is SeatCondition.Serving && (isLost || (seat.Cluster == origin.Cluster && seat.IsFirm))
                && (best is null || Compare(draft, seat, best) < 0))
            {
                best = seat;
            }
        }

        if (best is null)
        {
            return false;
        }

        draft.Seats.Remove(best);
        draft.Seats.Insert(0, best);
        draft.Changes.Add(new SeatChange(
            SeatChangeKind.Promote, best.Instance, $"{origin.Instance}, which was the origin, {(isLost ? "is lost" : "is being drained")}"));
        best.Parent = null;
        if (isLost)
        {
            draft.Seats.Remove(origin);
        }

        return true;
    }

    // One that has the whole room, near the most people, on the emptiest pod.
    private static int Compare(Draft draft, DraftSeat a, DraftSeat b)
    {
        if (a.Before!.IsConnected != b.Before!.IsConnected)
        {
            return a.Before.IsConnected ? -1 : 1;
        }

        var (peopleA, peopleB) = (draft.PeopleIn(a.Region), draft.PeopleIn(b.Region));
        if (peopleA != peopleB)
        {
            return peopleB.CompareTo(peopleA);
        }

        var byLoad = draft.LoadOf(a).CompareTo(draft.LoadOf(b));
        return byLoad != 0 ? byLoad : string.CompareOrdinal(a.Instance, b.Instance);
    }
}
