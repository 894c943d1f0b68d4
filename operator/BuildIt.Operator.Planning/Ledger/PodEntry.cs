using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Ledger;

/// <summary>A pod with the seats on it, and what is held on it beyond what it reports.</summary>
internal sealed class PodEntry(string instance)
{
    private Dictionary<string, int>? _losses;

    // What it reports of rooms without a seat on it: a seat that is given later finds it here. Nearly no pod has any.
    private Dictionary<string, int>? _unseated;
    private PodState _state;

    public string Instance { get; } = instance;

    /// <summary>How the pod is; of no meaning unless <see cref="IsThere"/>.</summary>
    public ref PodState State => ref _state;

    /// <summary>What is held on all pods of its fleet; null when it is in none.</summary>
    public FleetEntry? Fleet { get; set; }

    public bool IsThere => Fleet is not null;

    public int HeldRooms { get; private set; }

    public int HeldParticipants { get; private set; }

    /// <summary>Media that other pods will send it, and that it may send them, in bits per second each.</summary>
    public long HeldRelay { get; private set; }

    /// <summary>The seats that are said to be on it.</summary>
    public List<SeatEntry> Seats { get; } = [];

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
        var load = _state.Load + new PodLoad(HeldRooms + rooms, more, more, more, relayed, relayed, 0);
        return load.Highest(_state.Capacity);
    }

    /// <summary>The highest load fraction but for the number of rooms.</summary>
    /// <param name="without">Places that are held and do not count.</param>
    public double PeopleFraction(int without)
    {
        var held = HeldParticipants - without;
        var load = _state.Load + new PodLoad(0, held, held, held, HeldRelay, HeldRelay, 0);
        return (load with { Rooms = 0 }).Highest(_state.Capacity);
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
        var publishers = _state.Capacity.MaxPublishers <= 0 ? int.MaxValue : _state.Capacity.MaxPublishers;
        var subscribers = _state.Capacity.MaxSubscribers <= 0 ? int.MaxValue : _state.Capacity.MaxSubscribers;
        return Math.Min(publishers, subscribers);
    }

    /// <summary>Notes what the pod reports of a room that has no seat on it; null when it does not report it any more.</summary>
    public void ReportUnseated(string room, int? participants)
    {
        if (participants is { } count)
        {
            (_unseated ??= new(StringComparer.Ordinal))[room] = count;
        }
        else if (_unseated?.Remove(room) == true && _unseated.Count == 0)
        {
            _unseated = null;
        }
    }

    /// <summary>Takes what the pod reports of a room that is given a seat on it; null when it does not report it.</summary>
    public int? Seat(string room)
    {
        if (_unseated is null || !_unseated.TryGetValue(room, out var participants))
        {
            return null;
        }

        ReportUnseated(room, null);
        return participants;
    }

    /// <summary>The pod is not in a fleet any more, and nothing is known of what it reports.</summary>
    public void Silence() => _unseated = null;
}
