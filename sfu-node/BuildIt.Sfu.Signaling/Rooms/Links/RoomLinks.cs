using System.Collections.Immutable;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol.Relay;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>A room's links to other nodes, and what is the same to all of them. Used on the room's loop.</summary>
internal sealed class RoomLinks : IDeadline
{
    private const int MaxAllowances = 64;

    private readonly Dictionary<string, NeighbourAllowance> _allowances = new(StringComparer.Ordinal);

    // What was sent over links that are over, by the fleet at their other end.
    private readonly Dictionary<string, long> _sentBefore = new(StringComparer.Ordinal);

    /// <summary>As they are now: who goes through them may end some.</summary>
    public ImmutableArray<RoomLink> All { get; private set; } = [];

    /// <summary>Links that are up.</summary>
    public int CountUp
    {
        get
        {
            // Asked for each packet of a data track: counted without allocating.
            var count = 0;
            foreach (var link in All)
            {
                count += link.IsUp ? 1 : 0;
            }

            return count;
        }
    }

    public bool AnyUp => All.Any(link => link.IsUp);

    /// <summary>When a link has something to do next.</summary>
    public Instant NextDeadline
    {
        get
        {
            var next = Instant.Never;
            foreach (var link in All)
            {
                next = Instant.Min(next, link.NextDeadline);
            }

            return next;
        }
    }

    public void Add(RoomLink link) => All = All.Add(link);

    public void Remove(RoomLink link)
    {
        var left = All.Remove(link);
        if (left.Length < All.Length)
        {
            All = left;
            AddSent(_sentBefore, link);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (now < NextDeadline)
        {
            return;
        }

        foreach (var link in All)
        {
            link.HandleTimeout(now);
        }
    }

    /// <summary>The room ends.</summary>
    public void Close(Instant now)
    {
        foreach (var link in All)
        {
            link.Close(now);
        }
    }

    /// <summary>What a node may say, over whichever links it has.</summary>
    public NeighbourAllowance AllowanceOf(string node)
    {
        if (!_allowances.TryGetValue(node, out var allowance))
        {
            if (_allowances.Count >= MaxAllowances)
            {
                foreach (var gone in _allowances.Keys.Where(known => !All.Any(link => link.Options.Node == known)).ToArray())
                {
                    _allowances.Remove(gone);
                }
            }

            _allowances.Add(node, allowance = new NeighbourAllowance());
        }

        return allowance;
    }

    /// <summary>Bytes of datagrams sent to other nodes since the room was opened, by the fleet they belong to.</summary>
    public IReadOnlyDictionary<string, long> Sent()
    {
        var sent = new Dictionary<string, long>(_sentBefore, StringComparer.Ordinal);
        foreach (var link in All)
        {
            AddSent(sent, link);
        }

        return sent;
    }

    /// <summary>For how long nothing came from the node that feeds this one; null where none does.</summary>
    public TimeSpan? ParentSilence(Instant now)
    {
        TimeSpan? shortest = null;
        foreach (var link in All)
        {
            if (link is { Options.IsChild: true, IsUp: true } && link.Peer.Silence(now) is var silence && !(shortest <= silence))
            {
                shortest = silence;
            }
        }

        return shortest;
    }

    /// <summary>Says something of this node to all others.</summary>
    public void Tell(RelayMessage message, Instant now) => Tell(message, null, now);

    /// <summary>Passes on what another node said.</summary>
    public void Pass(RelayMessage message, RoomLink from, Instant now)
    {
        message.Hops++;
        Tell(message, from, now);
    }

    /// <summary>Says something to all but the node that knows it already.</summary>
    public void Tell(RelayMessage message, RoomLink? except, Instant now)
    {
        foreach (var link in All)
        {
            if (link != except && !link.IsRetiring)
            {
                link.Send(message, now);
            }
        }
    }

    private static void AddSent(Dictionary<string, long> sent, RoomLink link)
    {
        if (!link.Options.IsInner)
        {
            sent[link.Options.Fleet] = sent.GetValueOrDefault(link.Options.Fleet) + link.Peer.Statistics.DatagramBytesSent;
        }
    }
}
