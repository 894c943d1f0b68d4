using BuildIt.Operator.Planning.Members;

namespace BuildIt.Operator.Planning.Instances;

/// <summary>Who goes first: the oldest revision, then whoever never served, then the emptiest, then the oldest pod.</summary>
internal sealed class RemovalOrder : IComparer<Member>
{
    public static readonly RemovalOrder Instance = new();

    public int Compare(Member? x, Member? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.IsCurrent != y.IsCurrent)
        {
            return x.IsCurrent ? 1 : -1;
        }

        if (x.NeverServed != y.NeverServed)
        {
            return x.NeverServed ? -1 : 1;
        }

        var a = x.Instance.Load ?? default;
        var b = y.Instance.Load ?? default;
        var order = a.Participants.CompareTo(b.Participants);
        order = order != 0 ? order : Math.Max(a.Rooms, x.Instance.AssignedRooms).CompareTo(Math.Max(b.Rooms, y.Instance.AssignedRooms));
        order = order != 0 ? order : x.Instance.CreatedAt.CompareTo(y.Instance.CreatedAt);
        return order != 0 ? order : string.CompareOrdinal(x.Name, y.Name);
    }
}
