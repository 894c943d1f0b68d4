using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>What a room is: its settings, who is in it, and what they publish. Decides nothing. Used on the room's loop.</summary>
internal sealed class RoomState(RoomSid sid, RoomOptions options, DateTimeOffset createdAt)
{
    public RoomSid Sid => sid;

    public RoomOptions Options { get; set; } = options;

    public string Metadata { get; set; } = options.Metadata;

    /// <summary>When the room was opened, by the node that opened it first.</summary>
    public DateTimeOffset CreatedAt { get; set; } = createdAt;

    /// <summary>True once everybody has been sent away for good.</summary>
    public bool Ended { get; set; }

    /// <summary>Set once, before anybody joins: it is made for the room and tells it what happens.</summary>
    public IMediaRoom Media { get; set; } = null!;

    public RoomMembers Members { get; } = new();

    public RoomTracks Tracks { get; } = new();

    /// <summary>What clients may publish with, video first.</summary>
    public IEnumerable<Codec> PublishCodecs() => Options.PublishCodecs.Select(mime => new Codec { Mime = mime });

    /// <summary>The room as clients and applications see it.</summary>
    public Protocol.Room Info() => new()
    {
        Sid = Sid.Value,
        Name = Options.Name,
        EmptyTimeout = (uint)Options.EmptyTimeout.TotalSeconds,
        DepartureTimeout = (uint)Options.DepartureTimeout.TotalSeconds,
        MaxParticipants = (uint)Options.MaxParticipants,
        CreationTime = CreatedAt.ToUnixTimeSeconds(),
        CreationTimeMs = CreatedAt.ToUnixTimeMilliseconds(),
        EnabledCodecs = { PublishCodecs() },
        Metadata = Metadata,
        NumParticipants = (uint)Members.All.Count(p => !p.Hidden && p.CountsAsParticipant),
        NumPublishers = (uint)Members.All.Count(p => p.IsPublisher),
        ActiveRecording = Members.All.Any(p => p.IsRecorder),
    };
}
