using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>One room in what a pod reports.</summary>
/// <param name="Room">Its name.</param>
/// <param name="Before">What the pod said of it before; null when nothing.</param>
/// <param name="After">What it says now; null when nothing.</param>
internal readonly record struct ReportChange(string Room, RoomReport? Before, RoomReport? After);

/// <summary>
/// Two reports of a pod side by side, room by room. Pods name their rooms in the same order each time, so that as long as none
/// comes or goes nothing is allocated or looked up.
/// </summary>
internal readonly struct ReportChanges(IReadOnlyList<RoomReport> before, IReadOnlyList<RoomReport> after)
{
    public Enumerator GetEnumerator() => new(before, after);

    public struct Enumerator(IReadOnlyList<RoomReport> before, IReadOnlyList<RoomReport> after)
    {
        private int _next;
        private Dictionary<string, RoomReport>? _rest;
        private Dictionary<string, RoomReport>.ValueCollection.Enumerator? _gone;

        public ReportChange Current { get; private set; }

        public bool MoveNext()
        {
            if (_next < after.Count)
            {
                var now = after[_next];
                RoomReport? old;
                if (_rest is null && _next < before.Count && before[_next].Room.Value == now.Room.Value)
                {
                    old = before[_next];
                }
                else
                {
                    (_rest ??= Rest()).Remove(now.Room.Value, out old);
                }

                _next++;
                Current = new ReportChange(now.Room.Value, old, now);
                return true;
            }

            if (_gone is null && (_rest is not null || before.Count > after.Count))
            {
                _gone = (_rest ?? Rest()).Values.GetEnumerator();
            }

            if (_gone is { } gone && gone.MoveNext())
            {
                _gone = gone;
                Current = new ReportChange(gone.Current.Room.Value, gone.Current, null);
                return true;
            }

            return false;
        }

        private readonly Dictionary<string, RoomReport> Rest()
        {
            var rest = new Dictionary<string, RoomReport>(StringComparer.Ordinal);
            for (var i = _next; i < before.Count; i++)
            {
                rest.TryAdd(before[i].Room.Value, before[i]);
            }

            return rest;
        }
    }
}
