namespace BuildIt.RoomApi.Registry.Commits;

/// <summary>How much of a group's messages is taken and kept. Sizes are in bytes.</summary>
public static class CommitLimits
{
    /// <summary>A commit that adds a hundred members at once has about 60 KiB.</summary>
    public const int MaxCommit = 128 << 10;

    /// <summary>Group info with the ratchet tree of a thousand members has about 400 KiB.</summary>
    public const int MaxGroupInfo = 512 << 10;

    /// <summary>Commits kept of one room; whoever missed more joins anew.</summary>
    public const int MaxCommits = 512;

    /// <summary>Bytes kept of one room, group info among them.</summary>
    public const int MaxLog = 2 << 20;

    /// <summary>Commits on a page.</summary>
    public const int MaxPage = 64;

    /// <summary>Bytes on a page, unless one commit alone has more.</summary>
    public const int MaxPageBytes = 512 << 10;

    /// <summary>The highest epoch, which JavaScript can still count.</summary>
    public const long MaxEpoch = (1L << 53) - 1;

    /// <summary>How long a log is kept after it was used last, if the room does not end before.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
}
