using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>A member of the room who is connected to another node: what that node says of it.</summary>
internal sealed class RemoteMember(MemberChanged said, RoomLink via) : Member
{
    private MemberChanged _said = said;
    private int _size;
    private int _saidSize;

    public override ParticipantSid Sid { get; } = new(said.Info.Sid);

    public override string Identity => _said.Info.Identity;

    public override ParticipantInfo Snapshot => _said.Info;

    public override int SnapshotSize => _size > 0 ? _size : _size = Snapshot.CalculateSize();

    public override bool Hidden => Snapshot.Permission?.Hidden ?? false;

    public override bool IsPublisher => Snapshot.IsPublisher;

    public override bool CountsAsParticipant => !_said.TakesNoPlace;

    public override bool IsRecorder => Snapshot.Permission?.Recorder ?? false;

    public override IEnumerable<DataTrack> PublishedData => Data.Values;

    /// <summary>By track sid.</summary>
    public Dictionary<string, DataTrack> Data { get; } = new(StringComparer.Ordinal);

    /// <summary>What its node said last, to be passed on.</summary>
    public MemberChanged Said => _said;

    /// <summary>Size of that in bytes.</summary>
    public int SaidSize => _saidSize > 0 ? _saidSize : _saidSize = _said.CalculateSize();

    /// <summary>The node where it is.</summary>
    public string Node => _said.Node;

    /// <summary>The link by which it is known, and by which its media comes. It may be down.</summary>
    public RoomLink Via { get; set; } = via;

    /// <summary>Whether what its node says comes that way now.</summary>
    public bool IsHeard => Via is { IsUp: true, IsRetiring: false };

    public ulong Version => _said.Version;

    /// <summary>Takes over what its node says now.</summary>
    public void Update(MemberChanged said)
    {
        _said = said;
        (_size, _saidSize) = (0, 0);
    }

    public override void Send(OutboundSignal message)
    {
        // Its own node tells it whatever concerns it.
    }

    public override void Changed() => throw new InvalidOperationException("A member of another node changes there.");
}
