using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>
/// Where the peer may be, and which of that is used: the pairs of the present generation, and until one of them serves the one that was
/// selected before (RFC 8445 section 9). Bounded; what is forgotten gives its path back.
/// </summary>
internal sealed class IcePairTable(IDatagramSink sink, bool lite)
{
    /// <summary>
    /// A selected pair that has been silent for this long loses to another on which the peer is heard: the peer's NAT has
    /// given it a new address, and it may not know. Longer than the interval of every client's checks (2.5 s at most).
    /// </summary>
    private static readonly TimeSpan RoamAfter = TimeSpan.FromSeconds(4);

    /// <summary>Quiet for so long, the selected pair is not merely overtaken by packets on another.</summary>
    private static readonly TimeSpan DataMovesAfter = TimeSpan.FromMilliseconds(500);

    private readonly List<IcePair> _pairs = new(4);
    private int _generation;

    /// <summary>Where data goes; null before a pair is valid.</summary>
    public IcePair? Selected { get; private set; }

    /// <summary>Whether <see cref="Selected"/> was nominated, rather than the first that could be used.</summary>
    public bool HasNominated { get; private set; }

    public bool IsFull => _pairs.Count >= IceAgent.MaxPairs;

    public List<IcePair>.Enumerator GetEnumerator() => _pairs.GetEnumerator();

    public IcePair? Find(in TransportAddress remote)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Remote == remote)
            {
                return pair;
            }
        }

        return null;
    }

    /// <summary>Adds a pair that is not there, in the place of the least recent when there are too many.</summary>
    public IcePair Add(in TransportAddress remote, uint priority)
    {
        if (IsFull)
        {
            RemoveLeastRecent();
        }

        var pair = new IcePair(remote, sink.OpenPath(remote), priority, _generation);
        _pairs.Add(pair);
        return pair;
    }

    /// <summary>Whether a pair is of the present generation.</summary>
    public bool IsCurrent(IcePair pair) => pair.Generation == _generation;

    /// <summary>A pair is of the present generation from now on.</summary>
    public void Renew(IcePair pair)
    {
        if (!IsCurrent(pair))
        {
            pair.Generation = _generation;
            pair.Check = IceCheckState.Idle;
        }
    }

    /// <summary>
    /// Whether data may be sent there. A check of the peer's says no more than what its sender wrote as its source: a full agent
    /// sends nothing but STUN before its own check was answered from there (RFC 8445 section 7.3.1.4, RFC 7675 section 5.1).
    /// </summary>
    public bool CanServe(IcePair pair) => lite ? pair.IsAuthenticated : pair.IsProven;

    public bool IsSelectedSilent(Instant now) => Selected is null || now - Selected.LastReceived >= RoamAfter;

    /// <summary>Whether a pair that the peer has nominated is to be used: it may name several, and the best of them counts while it lives.</summary>
    public bool IsBestNominated(IcePair pair, Instant now) =>
        !HasNominated
        || Selected is null
        || !IsCurrent(Selected)
        || pair.RemotePriority >= Selected.RemotePriority
        || now - Selected.LastReceived >= RoamAfter;

    /// <summary>Data goes there from now on.</summary>
    /// <returns>Whether what was before the present generation is of no use any more; then it is forgotten.</returns>
    public bool Select(IcePair pair, bool nominated)
    {
        var movedOn = Selected is not null && Selected.Generation != pair.Generation;
        Selected = pair;
        HasNominated = nominated;

        // Chosen by checks, it has its time before data that comes another way counts again.
        pair.LastData = Instant.Max(pair.LastData, pair.LastReceived);
        var settled = movedOn || (nominated && IsCurrent(pair));
        if (settled)
        {
            RemoveOldGenerations();
        }

        return settled;
    }

    /// <summary>Notes that authentic data came from an address: a peer sends from where it can be reached.</summary>
    /// <returns>The pair on which the peer is to be followed, because the selected one has gone quiet; else null.</returns>
    public IcePair? NoteData(in TransportAddress from, Instant now)
    {
        if (Selected is not { } selected)
        {
            return null;
        }

        if (selected.Remote == from)
        {
            selected.LastData = now;
        }
        else if (now - selected.LastData >= DataMovesAfter && Find(from) is { } pair && IsCurrent(pair) && CanServe(pair))
        {
            pair.LastData = now;
            return pair;
        }

        return null;
    }

    /// <summary>ICE starts again: what is selected goes on serving.</summary>
    public void BeginGeneration()
    {
        _generation++;
        RemoveOldGenerations();
        if (Selected is { } selected)
        {
            selected.Check = IceCheckState.Succeeded;
        }
    }

    /// <summary>An address cannot be reached any more; where it was selected, the valid pair that was heard last takes over.</summary>
    public void Lose(in TransportAddress remote)
    {
        if (Find(remote) is not { } lost)
        {
            return;
        }

        Remove(lost);
        if (lost != Selected)
        {
            return;
        }

        Selected = null;
        HasNominated = false;
        foreach (var pair in _pairs)
        {
            if (CanServe(pair) && (Selected is null || pair.LastReceived > Selected.LastReceived))
            {
                Selected = pair;
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach (var pair in _pairs)
        {
            sink.ClosePath(pair.Path);
        }

        _pairs.Clear();
        Selected = null;
    }

    private void RemoveLeastRecent()
    {
        IcePair? oldest = null;
        foreach (var pair in _pairs)
        {
            if (pair != Selected && (oldest is null || pair.LastReceived < oldest.LastReceived))
            {
                oldest = pair;
            }
        }

        Remove(oldest!);
    }

    private void RemoveOldGenerations()
    {
        for (var i = _pairs.Count - 1; i >= 0; i--)
        {
            if (!IsCurrent(_pairs[i]) && _pairs[i] != Selected)
            {
                Remove(_pairs[i]);
            }
        }
    }

    private void Remove(IcePair pair)
    {
        _pairs.Remove(pair);
        sink.ClosePath(pair.Path);
    }
}
