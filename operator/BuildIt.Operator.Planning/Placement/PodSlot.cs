using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Placement;

/// <summary>A pod with what is held on it beyond what it reports.</summary>
internal sealed class PodSlot(string instance)
{
    private Dictionary<string, int>? _losses;
    private PodState _pod;

    public string Instance { get; } = instance;

    /// <summary>How the pod is; of no meaning unless <see cref="IsThere"/>.</summary>
    public ref PodState Pod => ref _pod;

    /// <summary>What is held on all pods of its fleet; null when it is in none.</summary>
    public FleetHolds? Fleet { get; set; }

    public bool IsThere => Fleet is not null;

    public int HeldRooms { get; private set; }

    public int HeldParticipants { get; private set; }

    /// <summary>Media that other pods will send it, and that it may send them, in bits per second each.</summary>
    public long HeldRelay { get; private set; }

    /// <summary>The rooms that are said to be on it.</summary>
    public List<RoomHold> Rooms { get; } = [];

    public void Hold(int rooms, int participants)
    {
        HeldRooms += rooms;
        HeldParticipants += participants;
        Fleet?.Add(rooms, participants);
    }

    public void HoldRelay(long bitsPerSecond) => HeldRelay += bitsPerSecond;

    /// <summary>The highest load fraction if so much came on top. Whoever is expected is assumed to publish and to subscribe.</summary>
    public double Fraction(int rooms, int participants, long relay = 0)
    {
        var (more, relayed) = (HeldParticipants + participants, HeldRelay + relay);
        var load = _pod.Load + new PodLoad(HeldRooms + rooms, more, more, more, relayed, relayed, 0);
        return load.Highest(_pod.Capacity);
    }

    /// <summary>The highest load fraction but for the number of rooms.</summary>
    /// <param name="without">Places that are held and do not count.</param>
    public double PeopleFraction(int without)
    {
        var held = HeldParticipants - without;
        var load = _pod.Load + new PodLoad(0, held, held, held, HeldRelay, HeldRelay, 0);
        return (load with { Rooms = 0 }).Highest(_pod.Capacity);
    }

    /// <summary>Notes a room on the pod under which pods have died.</summary>
    public void Trouble(string room, int losses) => (_losses ??= new(StringComparer.Ordinal))[room] = losses;

    public void Forget(string room) => _losses?.Remove(room);

    /// <summary>Rooms on the pod under which at least as many pods have died; none count for a room under which none has.</summary>
    public int PeersOf(int losses)
    {
        if (losses == 0 || _losses is null)
        {
            return 0;
        }

        // Asked of every pod for every room: a closure would be made each time, even where it is not reached.
        var peers = 0;
        foreach (var other in _losses.Values)
        {
            peers += other >= losses ? 1 : 0;
        }

        return peers;
    }

    /// <summary>The participants of one room that the pod could carry if it were empty.</summary>
    public int Places()
    {
        var publishers = _pod.Capacity.MaxPublishers <= 0 ? int.MaxValue : _pod.Capacity.MaxPublishers;
        var subscribers = _pod.Capacity.MaxSubscribers <= 0 ? int.MaxValue : _pod.Capacity.MaxSubscribers;
        return Math.Min(publishers, subscribers);
    }
}

/// <summary>What is held on all pods of one fleet.</summary>
internal sealed class FleetHolds
{
    public int Pods { get; set; }

    public int Rooms { get; private set; }

    public int Participants { get; private set; }

    public void Add(int rooms, int participants)
    {
        Rooms += rooms;
        Participants += participants;
    }
}
