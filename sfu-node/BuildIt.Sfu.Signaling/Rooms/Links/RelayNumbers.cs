using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>
/// Numbers of messages that are of no member, by which each node takes one only once however it comes: this node's, and those that were
/// heard. Used on the room's loop.
/// </summary>
/// <param name="node">The name of this node.</param>
/// <param name="openedAt">When the room was opened here.</param>
internal sealed class RelayNumbers(string node, DateTimeOffset openedAt)
{
    private const int MaxRemembered = 1_000;

    private readonly RecentSet<ulong> _data = new(MaxRemembered);
    private readonly RecentSet<ulong> _refreshes = new(MaxRemembered);
    private ulong _last;

    /// <summary>A number for a message of this node.</summary>
    public ulong Next()
    {
        // Unlike those of other nodes, whose numbers begin elsewhere, and of this one before it restarted.
        _last = _last == 0
            ? ((ulong)StableHash(node) << 32) + (uint)(openedAt.ToUnixTimeMilliseconds() << 10)
            : _last + 1;
        _data.Add(_last);
        _refreshes.Add(_last);
        return _last;
    }

    /// <summary>Whether a data message of the server was not heard before.</summary>
    public bool IsNewData(ulong number) => _data.Add(number);

    /// <summary>Whether a request to say everything anew was not heard before.</summary>
    public bool IsNewRefresh(ulong number) => _refreshes.Add(number);

    private static uint StableHash(string text)
    {
        // FNV-1a: the same at every start, so that a node's messages are told apart from others' for as long as they are remembered.
        var hash = 2166136261u;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 16777619u;
        }

        return hash;
    }
}
