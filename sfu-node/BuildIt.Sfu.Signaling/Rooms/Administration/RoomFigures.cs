using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Administration;

/// <summary>What a fleet is told about a room as a whole, as far as it is served here. Used on the room's loop.</summary>
public sealed class RoomFigures
{
    private readonly RoomState _state;
    private readonly RoomLifetime _lifetime;
    private readonly RoomLinks _links;

    internal RoomFigures(RoomState state, RoomLifetime lifetime, RoomLinks links) => (_state, _lifetime, _links) = (state, lifetime, links);

    public int ParticipantCount => _state.Members.Here.Count;

    public int PublisherCount
    {
        get
        {
            var count = 0;
            foreach (var participant in _state.Members.Here)
            {
                count += participant.IsPublisher ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Participants that may receive media.</summary>
    public int SubscriberCount
    {
        get
        {
            var count = 0;
            foreach (var participant in _state.Members.Here)
            {
                count += participant.Permission.CanSubscribe ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>True when there are tracks and each is announced as encrypted end to end.</summary>
    public bool IsEndToEndEncrypted
    {
        get
        {
            foreach (var track in _state.Tracks.Media)
            {
                if (track.Info.Encryption == Encryption.Types.Type.None)
                {
                    return _state.Options.E2eeRequired;
                }
            }

            return _state.Options.E2eeRequired || _state.Tracks.Media.Count > 0;
        }
    }

    /// <summary>Whether anybody has ever joined.</summary>
    public bool EverJoined => _lifetime.EverJoined;

    /// <summary>What the connections of its clients have carried.</summary>
    public RoomTraffic Traffic => _state.Media.Traffic;

    /// <summary>Bytes of datagrams sent over links to other nodes that serve the room, by the fleet at the other end. They only grow.</summary>
    public IReadOnlyDictionary<string, long> Relayed => _links.Sent();

    /// <summary>For how long nobody has been there; null while somebody is there or nobody has been.</summary>
    public TimeSpan? EmptyFor(Instant now) => _lifetime.EmptyFor(now);

    /// <summary>For how long nothing came from the node that feeds this one; null where none does.</summary>
    public TimeSpan? ParentSilence(Instant now) => _links.ParentSilence(now);

    /// <inheritdoc cref="RoomLifetime.ParticipantTime"/>
    public TimeSpan ParticipantTime(Instant now) => _lifetime.ParticipantTime(now);

    /// <summary>Those who are connected here by the region in which they arrived (empty for this node's own), with how many of them publish.</summary>
    public IReadOnlyDictionary<string, (int Participants, int Publishers)> Arrivals()
    {
        var arrivals = new Dictionary<string, (int Participants, int Publishers)>(StringComparer.Ordinal);
        foreach (var participant in _state.Members.Here)
        {
            var (participants, publishers) = arrivals.GetValueOrDefault(participant.Join.Arrival);
            arrivals[participant.Join.Arrival] = (participants + 1, publishers + (participant.IsPublisher ? 1 : 0));
        }

        return arrivals;
    }

    /// <summary>Who is connected here: identity, when they joined, whether they publish.</summary>
    public IReadOnlyList<(string Identity, DateTimeOffset JoinedAt, bool Publishes)> MembersHere() =>
        [.. _state.Members.Here.Select(p => (p.Identity, p.JoinedAt, p.IsPublisher))];
}
