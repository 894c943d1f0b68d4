using BuildIt.RoomApi.Identity;

namespace BuildIt.RoomApi.Registry.Commits;

/// <summary>A room whose log is asked for, and when it ends at the latest.</summary>
public readonly record struct LogRoom(string Id, DateTimeOffset? EndsAt);

/// <summary>Where a log stands.</summary>
/// <param name="Incarnation">Names this log. Another name for the same room: it started anew, and a new group has to be formed.</param>
/// <param name="FirstEpoch">The lowest epoch whose commit is still kept.</param>
/// <param name="NextEpoch">The epoch that the next commit ends. 0: nobody has committed yet.</param>
public readonly record struct LogHead(string Incarnation, long FirstEpoch, long NextEpoch);

/// <summary>A commit, or the group info of an epoch.</summary>
/// <param name="Epoch">The epoch that the commit ends, or that the group info describes.</param>
/// <param name="Author">Who sent it.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Message">The message, opaque.</param>
public sealed record LogEntry(long Epoch, ParticipantId Author, DateTimeOffset At, ReadOnlyMemory<byte> Message);

/// <summary>What became of a message.</summary>
public enum LogOutcome
{
    /// <summary>It was the first for its epoch; also when its author sends it again.</summary>
    First,

    /// <summary>Another one was first.</summary>
    Taken,

    /// <summary>It was meant for an earlier log of the room.</summary>
    Restarted,

    /// <summary>Its epoch has not begun.</summary>
    Ahead,

    /// <summary>Its epoch is over, and who was first is no longer known.</summary>
    Passed,

    /// <summary>No memory is left for it.</summary>
    Full,
}

/// <summary>What became of a message, and where the log stands now.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Head">Where the log stands.</param>
/// <param name="Entry">The one that was first; null when there is none, or none that is known.</param>
public sealed record LogAnswer(LogOutcome Outcome, LogHead Head, LogEntry? Entry);

/// <summary>Some commits in order, and where the log stands.</summary>
public sealed record LogPage(LogHead Head, IReadOnlyList<LogEntry> Commits);
