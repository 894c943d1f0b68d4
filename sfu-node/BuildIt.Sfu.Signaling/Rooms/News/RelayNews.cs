using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using RoomState = BuildIt.Sfu.Signaling.Rooms.Members.RoomState;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>Tells other nodes who is connected to this one and what the room as a whole is. Used on the room's loop.</summary>
internal sealed class RelayNews(RoomState state, RoomLinks links)
{
    private ulong _stateVersion;

    /// <summary>Somebody here is new or has changed.</summary>
    public void MemberChanged(Participant participant, bool atOnce, Instant now)
    {
        participant.RelayedVersion++;
        if (links.All.Length > 0)
        {
            links.Tell(Describe(participant, atOnce), now);
        }
    }

    /// <summary>Everybody here is said anew.</summary>
    public void SayAll(Instant now)
    {
        foreach (var participant in state.Members.Here)
        {
            MemberChanged(participant, atOnce: false, now);
        }
    }

    /// <summary>Somebody here has left.</summary>
    public void MemberGone(Participant participant, bool wasPublisher, Instant now) => links.Tell(
        new RelayMessage
        {
            MemberGone = new MemberGone { Sid = participant.Sid.Value, Reason = participant.DisconnectReason, WasPublisher = wasPublisher },
        },
        now);

    /// <summary>Somebody elsewhere cannot be heard any more.</summary>
    public void MemberLost(RemoteMember member, bool wasPublisher, DisconnectReason reason, Instant now) => links.Tell(
        new RelayMessage
        {
            MemberGone = new MemberGone { Sid = member.Sid.Value, Reason = reason, WasPublisher = wasPublisher, Lost = true },
        },
        now);

    public void QualityChanged(ConnectionQualityInfo quality, Instant now) => links.Tell(
        new RelayMessage
        {
            Quality = new MemberQuality { Sid = quality.ParticipantSid, Quality = quality.Quality, Score = quality.Score },
        },
        now);

    /// <summary>Somebody here is taken for a speaker, or is not any more, whatever its sound says.</summary>
    public void SpeakerSimulated(Participant participant, bool speaks, Instant now) => links.Tell(
        new RelayMessage { SimulatedSpeaker = new SimulatedSpeaker { Sid = participant.Sid.Value, Speaks = speaks } }, now);

    /// <summary>Tokens were revoked: whoever has one is connected to any node.</summary>
    public void Revoked(string identity, DateTimeOffset notBefore, Instant now) => links.Tell(
        new RelayMessage { Revocation = new Revocation { Identity = identity, NotBeforeMs = notBefore.ToUnixTimeMilliseconds() } }, now);

    /// <summary>What the room as a whole is has changed at its origin.</summary>
    public void RoomChanged(Instant now)
    {
        _stateVersion++;
        links.Tell(DescribeRoom(), now);
    }

    /// <summary>Takes over what the room's origin says of it, unless something newer is known, and passes it on.</summary>
    /// <returns>Whether that is news to those who are here.</returns>
    public bool Take(Protocol.Relay.RoomState said, RoomLink from, Instant now)
    {
        if (!state.Options.IsEdge || said.Version < _stateVersion || said.Metadata.Length > Join.JoinLimits.MaxMetadata)
        {
            return false;
        }

        _stateVersion = said.Version;
        state.CreatedAt = RelayConversion.TimeOf(said.CreatedAtMs);
        var changed = state.Metadata != said.Metadata;
        state.Metadata = said.Metadata;
        links.Tell(DescribeRoom(), from, now);
        return changed;
    }

    /// <summary>Says all that this node knows to a node that now hears it.</summary>
    public void SayEverything(RoomLink to, Instant now)
    {
        if (!state.Options.IsEdge || _stateVersion > 0)
        {
            to.Send(DescribeRoom(), now);
        }

        foreach (var participant in state.Members.Here)
        {
            to.Send(Describe(participant, atOnce: true), now);
        }

        foreach (var member in state.Members.Elsewhere)
        {
            if (member.Via != to && member.IsHeard)
            {
                to.Send(new RelayMessage { Hops = 1, Member = member.Said }, now);
            }
        }

        to.Send(new RelayMessage { SnapshotEnd = new SnapshotEnd() }, now);
    }

    private RelayMessage Describe(Participant participant, bool atOnce)
    {
        var said = new MemberChanged
        {
            Info = participant.Snapshot,
            Node = state.Options.NodeName,
            Version = participant.RelayedVersion,
            Access = participant.SaidAccess,
            AtOnce = atOnce,
            TakesNoPlace = !participant.CountsAsParticipant,
        };
        said.Replaces.AddRange(participant.Replaces);
        return new RelayMessage { Member = said };
    }

    private RelayMessage DescribeRoom() => new()
    {
        Room = new Protocol.Relay.RoomState { CreatedAtMs = state.CreatedAt.ToUnixTimeMilliseconds(), Metadata = state.Metadata, Version = _stateVersion },
    };
}
