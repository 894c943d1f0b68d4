using System.Collections.Immutable;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <content>
/// The parts of a room on further loops of this process. The one that was opened first is its home: it owns the room's state here, and
/// feeds the others over links within the process, as a node feeds others over the network.
/// </content>
public sealed partial class RoomHost
{
    private readonly Lock _partsLock = new();
    private ImmutableArray<RoomHost> _parts = [];
    private bool _takesNoParts;

    /// <summary>Further parts of the room, where it has any; only of its home.</summary>
    public ImmutableArray<RoomHost> Parts
    {
        get
        {
            lock (_partsLock)
            {
                return _parts;
            }
        }
    }

    /// <summary>The whole room at this node: its home, then the other parts.</summary>
    public IEnumerable<RoomHost> WithParts => Parts.Prepend(this);

    /// <summary>The part to which somebody is connected; the home when that is none, or not at this node.</summary>
    public async ValueTask<RoomHost> WhereAsync(string identity)
    {
        foreach (var part in Parts)
        {
            if (await part.InvokeAsync((core, _) => core.IsHere(identity)).ConfigureAwait(false))
            {
                return part;
            }
        }

        return this;
    }

    /// <summary>Lets the parts know of clients that had a session before, and may begin another in any of them.</summary>
    public Task ExpectAsync(IReadOnlyList<string> identities) => Task.WhenAll(Parts.Append(this).Select(host => host.InvokeAsync((core, now) =>
    {
        foreach (var identity in identities)
        {
            core.Expect(identity, now);
        }
    })));

    /// <summary>Changes the settings of the whole room; nothing happens where that changes none.</summary>
    public async Task ReconfigureAsync(Func<RoomOptions, RoomOptions> change)
    {
        foreach (var host in WithParts)
        {
            await host.InvokeAsync((core, now) =>
            {
                var next = change(core.Options);
                core.Reconfigure(core.Options.Part == 0 ? next : next.ForPart(core.Options.Part), now);
            }).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the whole room. Its home ends last, so that the end is the last that is heard of it.</summary>
    /// <returns>How many were connected.</returns>
    public async Task<int> EndAsync(DisconnectReason reason, RoomEndReason why, LeaveAction action = LeaveAction.Disconnect)
    {
        var people = 0;
        foreach (var host in CloseToParts().Add(this))
        {
            people += await host.InvokeAsync((core, now) =>
            {
                var count = core.Figures.ParticipantCount;
                core.End(reason, why, now, action);
                return count;
            }).ConfigureAwait(false);
        }

        return people;
    }

    /// <summary>Takes one more part; false when the room is about to end.</summary>
    internal bool TryAddPart(RoomHost part)
    {
        lock (_partsLock)
        {
            if (_takesNoParts)
            {
                return false;
            }

            _parts = _parts.Add(part);
            return true;
        }
    }

    internal void RemovePart(RoomHost part)
    {
        lock (_partsLock)
        {
            _parts = _parts.Remove(part);
        }
    }

    /// <summary>The home has ended; its parts were before, unless it did so by itself. On the loop.</summary>
    private void EndParts()
    {
        foreach (var part in CloseToParts())
        {
            _ = part.InvokeAsync((core, now) => core.End(DisconnectReason.RoomClosed, RoomEndReason.RoomEndIdleTimeout, now));
        }
    }

    private ImmutableArray<RoomHost> CloseToParts()
    {
        lock (_partsLock)
        {
            _takesNoParts = true;
            return _parts;
        }
    }
}
