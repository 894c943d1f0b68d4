using System.Globalization;
using BuildIt.Operator.Planning.Placement;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>Gives a room further pods in a fleet where it is, and takes away those it does not need.</summary>
internal static class Growing
{
    /// <summary>Decides who is open to newcomers, and adds a seat where nobody would be.</summary>
    public static void Grow(Draft draft)
    {
        foreach (var seat in draft.Seats)
        {
            seat.IsClosed = seat.Before is { } before && (before.Condition is not SeatCondition.Serving || IsFull(draft, seat, before.IsClosed));
        }

        // From the list as it is now: what is added here is open.
        var clusters = new List<DraftSeat>();
        foreach (var seat in draft.Seats)
        {
            if (!clusters.Exists(other => other.Cluster == seat.Cluster))
            {
                clusters.Add(seat);
            }
        }

        if (draft.Room.Mode is not CascadeMode.Never)
        {
            foreach (var first in clusters)
            {
                GrowIn(draft, first.Cluster, first.Region, first.Cluster == draft.Origin.Cluster ? draft.Room.Unseated : 0);
            }
        }

        foreach (var first in clusters)
        {
            Thin(draft, first.Cluster);
        }
    }

    /// <summary>Takes away seats that nobody is behind.</summary>
    public static void Prune(Draft draft)
    {
        for (var i = draft.Seats.Count - 1; i > 0; i--)
        {
            var seat = draft.Seats[i];
            if (seat.Before is not { } before || draft.Seats.Exists(other => other.Parent == seat.Instance))
            {
                continue;
            }

            if (before.Condition is SeatCondition.Leaving)
            {
                Replace(draft, seat, before);
            }
            else if (before is { Condition: SeatCondition.Serving, People: <= 0, EmptySince: { } empty } && !IsWanted(draft, seat))
            {
                var since = empty > before.Since ? empty : before.Since;
                if (since + CascadePolicy.RemoveAfter <= draft.Now)
                {
                    draft.Remove(seat, string.Create(CultureInfo.InvariantCulture, $"nobody has been behind it for {(draft.Now - since).TotalSeconds:0} s"));
                }
                else
                {
                    draft.Deadlines.Add(since + CascadePolicy.RemoveAfter);
                }
            }
        }
    }

    // A room that is a small part of what its pod carries is not what fills it: it stays until there is no place at all.
    private static bool IsFull(Draft draft, DraftSeat seat, bool isClosed)
    {
        var full = draft.Ledger.FindPod(seat.Instance) is { } pod && seat.People < CascadePolicy.LargePart * pod.Places() ? CascadePolicy.FullForSmall : CascadePolicy.Full;
        return draft.LoadOf(seat) >= full - (isClosed ? CascadePolicy.Full - CascadePolicy.Open : 0);
    }

    // A pod that goes keeps its seat until another one there has the room, so that its people have where to go.
    private static void Replace(Draft draft, DraftSeat seat, SeatObservation before)
    {
        var heir = draft.Seats.Find(other => other != seat && other.Cluster == seat.Cluster && !other.IsLeaving);
        var isEmpty = before.People is null or <= 0;
        if (heir is null && !isEmpty)
        {
            return;
        }

        if (isEmpty || heir!.IsFirm || (heir.Before is { } known && known.Since + CascadePolicy.HandoverPatience <= draft.Now))
        {
            draft.Remove(seat, $"{seat.Instance} is being drained{(heir is null ? string.Empty : $", and {heir.Instance} has the room")}");
        }
        else
        {
            draft.Deadlines.Add((heir.Before?.Since ?? draft.Now) + CascadePolicy.HandoverPatience);
        }
    }

    private static void GrowIn(Draft draft, string cluster, string region, int unseated)
    {
        var (leaving, open, people, fullest, feeds) = (0, 0, 0, 0.0, false);
        foreach (var seat in draft.Seats)
        {
            if (seat.Cluster == cluster)
            {
                leaving += seat.IsLeaving ? 1 : 0;
                open += seat.IsClosed ? 0 : 1;
                people += seat.People;
                fullest = Math.Max(fullest, draft.LoadOf(seat));
                feeds |= draft.Seats.Exists(other => other.Parent == seat.Instance && other.Cluster != cluster);
            }
        }

        if (open == 0 && (people > 0 || leaving == 0 || feeds))
        {
            var doubted = draft.Seats.Exists(seat => seat.Cluster == cluster && seat.Before?.Condition is SeatCondition.Doubted);
            if (!doubted)
            {
                var staying = draft.Seats.Exists(seat => seat.Cluster == cluster && !seat.IsLeaving);
                draft.Add(
                    cluster,
                    region,
                    staying ? RoomRequest.UsualParticipants : people,
                    leaving > 0
                        ? $"its pod in {region} is being drained"
                        : string.Create(CultureInfo.InvariantCulture, $"it has outgrown its pods in {region}: the fullest is {fullest:P0} full"),
                    mayCrowd: !staying);
            }
        }

        while (unseated > 0
            && draft.Add(cluster, region, unseated, string.Create(CultureInfo.InvariantCulture, $"{unseated} more people are expected than its pods have places for")) is { } added)
        {
            unseated -= Math.Max(1, added.Expected);
        }
    }

    // A room on many pods where fewer would do gets no more people on the emptiest, which goes when it has no more.
    private static void Thin(Draft draft, string cluster)
    {
        var (count, people, places) = (0, 0, int.MaxValue);
        DraftSeat? emptiest = null;
        foreach (var seat in draft.Seats)
        {
            if (seat.Cluster != cluster || seat.Before is not { Condition: SeatCondition.Serving } || draft.Ledger.FindPod(seat.Instance) is not { } pod)
            {
                continue;
            }

            count++;
            people += seat.People;
            places = Math.Min(places, pod.Places());
            var isHub = seat == draft.Origin || draft.Seats.Exists(other => other.Before?.Parent == seat.Instance);
            if (!isHub && (emptiest is null || seat.People < emptiest.People))
            {
                emptiest = seat;
            }
        }

        var sparse = emptiest?.Before!.IsClosed == true ? CascadePolicy.SparseStill : CascadePolicy.Sparse;
        if (emptiest is not null && draft.Room.Unseated == 0 && people < sparse * (count - 1) * places
            && draft.Seats.Exists(seat => seat.Cluster == cluster && seat != emptiest && !seat.IsClosed))
        {
            emptiest.IsClosed = true;
        }
    }

    // The last seat of a region that Always names stays, and so does one that would be added again at once.
    private static bool IsWanted(Draft draft, DraftSeat seat)
    {
        var others = draft.Seats.FindAll(other => other != seat && other.Region == seat.Region);
        if (others.Count > 0)
        {
            return others.TrueForAll(other => other.IsClosed);
        }

        return draft.PeopleIn(seat.Region) > 0 || (draft.Room.Mode is CascadeMode.Always && draft.Room.Regions.Contains(seat.Region));
    }
}
