using BuildIt.Operator.Planning.Fleet;

namespace BuildIt.Operator.Planning.Placement;

/// <summary>
/// All pods of all fleets with what they report and what was promised on them. Each placement is entered at once, so a burst
/// of rooms sees itself. One thread at a time.
/// </summary>
public sealed class FleetPicture
{
    private readonly List<PodSlot> _slots = [];
    private readonly Dictionary<string, PodSlot> _byInstance = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<PodSlot>> _byRegion = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (PodSlot Slot, int Held)> _promises = new(StringComparer.Ordinal);

    private readonly Dictionary<string, PodSlot> _troubled = new(StringComparer.Ordinal);

    /// <summary>Draws the picture.</summary>
    /// <param name="pods">Every pod, whatever its state.</param>
    /// <param name="rooms">Every room that has a pod. What is promised for it and not reported yet is held.</param>
    /// <param name="now">The time.</param>
    public FleetPicture(IReadOnlyList<PodState> pods, IReadOnlyList<PlacedRoom> rooms, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pods);
        ArgumentNullException.ThrowIfNull(rooms);
        foreach (var pod in pods)
        {
            var slot = new PodSlot(pod);
            if (!_byInstance.TryAdd(pod.Instance, slot))
            {
                continue;
            }

            _slots.Add(slot);
            if (!_byRegion.TryGetValue(pod.Region, out var region))
            {
                _byRegion.Add(pod.Region, region = []);
            }

            region.Add(slot);
        }

        foreach (var room in rooms)
        {
            Hold(room, now);
        }
    }

    internal IReadOnlyList<PodSlot> Slots => _slots;

    internal IReadOnlyList<PodSlot> InRegion(string region) =>
        _byRegion.TryGetValue(region, out var slots) ? slots : [];

    /// <summary>The highest load fraction of a pod with what is held on it; null when there is no such pod.</summary>
    public double? LoadOf(string instance) => _byInstance.TryGetValue(instance, out var slot) ? slot.Fraction(0, 0) : null;

    /// <summary>Rooms and participants held on the pods of a fleet beyond what these report.</summary>
    public (int Rooms, int Participants) HeldFor(string cluster)
    {
        var rooms = 0;
        var participants = 0;
        foreach (var slot in _slots)
        {
            if (slot.Pod.Cluster == cluster)
            {
                rooms += slot.HeldRooms;
                participants += slot.HeldParticipants;
            }
        }

        return (rooms, participants);
    }

    /// <summary>Gives up what is held for a room: it has ended, or its placement could not be written.</summary>
    public void Release(string room)
    {
        if (_promises.Remove(room, out var promise))
        {
            promise.Slot.Hold(-1, -promise.Held);
        }

        if (_troubled.Remove(room, out var troubled))
        {
            troubled.Forget(room);
        }
    }

    internal void Promise(string room, PodSlot slot, int expected, int losses)
    {
        Release(room);
        slot.Hold(1, expected);
        _promises[room] = (slot, expected);
        Trouble(room, slot, losses);
    }

    private void Trouble(string room, PodSlot slot, int losses)
    {
        if (losses > 0)
        {
            slot.Trouble(room, losses);
            _troubled[room] = slot;
        }
    }

    private void Hold(PlacedRoom room, DateTimeOffset now)
    {
        if (!_byInstance.TryGetValue(room.Instance, out var slot))
        {
            return;
        }

        Trouble(room.Room, slot, room.Losses);
        var missing = now - room.PlacedAt < PlacementPolicy.Hold ? Math.Max(0, room.Expected - (room.Reported ?? 0)) : 0;
        slot.Hold(room.Reported is null ? 1 : 0, missing);
        if (room.Reported is null)
        {
            _promises[room.Room] = (slot, missing);
        }
    }
}

/// <summary>A pod with what is held on it beyond what it reports.</summary>
internal sealed class PodSlot(PodState pod)
{
    private Dictionary<string, int>? _losses;

    public PodState Pod { get; } = pod;

    public int HeldRooms { get; private set; }

    public int HeldParticipants { get; private set; }

    public void Hold(int rooms, int participants)
    {
        HeldRooms += rooms;
        HeldParticipants += participants;
    }

    /// <summary>The highest load fraction if so much came on top. Whoever is expected is assumed to publish and to subscribe.</summary>
    public double Fraction(int rooms, int participants)
    {
        var more = HeldParticipants + participants;
        var load = Pod.Load + new PodLoad(HeldRooms + rooms, more, more, more, 0, 0, 0);
        return load.Highest(Pod.Capacity);
    }

    /// <summary>Notes a room on the pod under which pods have died.</summary>
    public void Trouble(string room, int losses) => (_losses ??= new(StringComparer.Ordinal))[room] = losses;

    public void Forget(string room) => _losses?.Remove(room);

    /// <summary>Rooms on the pod under which at least as many pods have died; none count for a room under which none has.</summary>
    public int PeersOf(int losses) => losses == 0 || _losses is null ? 0 : _losses.Values.Count(other => other >= losses);

    /// <summary>The participants of one room that the pod could carry if it were empty.</summary>
    public int Places()
    {
        var publishers = Pod.Capacity.MaxPublishers <= 0 ? int.MaxValue : Pod.Capacity.MaxPublishers;
        var subscribers = Pod.Capacity.MaxSubscribers <= 0 ? int.MaxValue : Pod.Capacity.MaxSubscribers;
        return Math.Min(publishers, subscribers);
    }
}
