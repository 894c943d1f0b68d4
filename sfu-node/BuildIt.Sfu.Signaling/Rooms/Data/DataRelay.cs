using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>
/// Passes data messages between participants. The sender's identity is stamped from its connection, destinations are honoured,
/// payloads are not looked into: encrypted ones could not be, and the others get the same treatment.
/// </summary>
internal sealed class DataRelay(
    RoomMembers members, ClientLimits limits, LimitReports reports, LossyData lossy, RoomRpc rpc, RelayedData relayed)
{
    private const int RememberedNonces = 256;

    /// <summary>A sender of reliable messages that has used up what it may send waits so much longer.</summary>
    private static readonly TimeSpan HoldStep = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<string, ReplayBuffer> _replay = new(StringComparer.Ordinal);
    private readonly RecentSet<ByteString> _nonces = new(RememberedNonces);

    /// <summary>Bytes of the largest message that is passed.</summary>
    public int LargestMessage => limits.DataMessageBytes;

    public void FromClient(Participant sender, DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
        var reliable = channel == DataChannelKind.Reliable;
        if (!sender.Permission.CanPublishData
            || message.Length > limits.DataMessageBytes
            || !(reliable ? MaySendReliable(sender, message.Length, now) : lossy.MaySend(sender, message.Length, now))
            || !WireCodec.TryParse(message, DataPacket.Parser, out var packet)
            || !MaySay(sender, packet))
        {
            return;
        }

        if (Destinations.Count(packet) > limits.Destinations)
        {
            reports.Count(sender, ClientLimit.Data, now);
            return;
        }

        if (reliable && packet.Sequence > 0)
        {
            // A client repeats what it is not sure of after a resume.
            if (packet.Sequence <= sender.LastReliableSequence)
            {
                return;
            }

            sender.LastReliableSequence = packet.Sequence;
        }

        packet.Kind = reliable ? DataPacket.Types.Kind.Reliable : DataPacket.Types.Kind.Lossy;
        // Receivers put a sender's numbered messages in order by its sid, which says nothing of who a hidden one is.
        packet.ParticipantSid = sender.Sid.Value;
        packet.ParticipantIdentity = sender.Hidden ? "" : sender.Identity;
        if (packet.User is { } user)
        {
            user.ParticipantSid = sender.Hidden ? "" : sender.Sid.Value;
            user.ParticipantIdentity = packet.ParticipantIdentity;
        }

        if (rpc.TryComplete(sender, packet))
        {
            return;
        }

        var encoded = packet.ToByteArray();
        var destinations = new Destinations(packet);
        var receivers = members.All.Count(receiver => receiver != sender && destinations.Include(receiver));
        if (reliable)
        {
            Hold(sender, sender.ReliableAllowance.Deliver(receivers, encoded.Length, now), now);
        }
        else if (!lossy.MayDeliver(sender, receivers, encoded.Length, now))
        {
            return;
        }

        if (reliable && packet.Sequence > 0)
        {
            Keep(sender.Sid, packet, encoded, now);
        }

        var kind = reliable ? DataChannelKind.Reliable : DataChannelKind.Lossy;
        Deliver(sender.Sid, destinations, encoded, kind, now);
        relayed.Send(sender.Sid, destinations, encoded, kind, now);
    }

    /// <summary>Delivers what a member of another node sent, as that node has checked it.</summary>
    public void FromNode(RemoteMember sender, DataPacket packet, byte[] encoded, DataChannelKind channel, Instant now)
    {
        if (channel == DataChannelKind.Reliable && packet.Sequence > 0)
        {
            Keep(sender.Sid, packet, encoded, now);
        }

        Deliver(sender.Sid, new Destinations(packet), encoded, channel, now);
    }

    /// <summary>Sends as the server. False when the message is larger than a data channel carries; clients are held to the same.</summary>
    public bool FromServer(DataPacket packet, ByteString nonce, Instant now)
    {
        var encoded = packet.ToByteArray();
        if (encoded.Length > limits.DataMessageBytes)
        {
            return false;
        }

        if (!nonce.IsEmpty && !_nonces.Add(nonce))
        {
            return true;
        }

        var channel = packet.Kind == DataPacket.Types.Kind.Reliable ? DataChannelKind.Reliable : DataChannelKind.Lossy;
        var destinations = new Destinations(packet);
        Deliver(default, destinations, encoded, channel, now);
        relayed.Send(default, destinations, encoded, channel, now);
        return true;
    }

    /// <summary>Delivers what another node sends as the server.</summary>
    public void FromServer(DataPacket packet, byte[] encoded, DataChannelKind channel, Instant now) =>
        Deliver(default, new Destinations(packet), encoded, channel, now);

    /// <summary>Repeats to a resuming participant what it has not received of one publisher.</summary>
    public void Replay(Participant receiver, DataChannelReceiveState state, Instant now)
    {
        if (_replay.TryGetValue(state.PublisherSid, out var buffer))
        {
            foreach (var (packet, encoded) in buffer.After(state.LastSeq, now))
            {
                if (new Destinations(packet).Include(receiver))
                {
                    receiver.Media.SendData(DataChannelKind.Reliable, new ParticipantSid(state.PublisherSid), encoded, now);
                }
            }
        }
    }

    /// <summary>A member is gone: what it sent is not repeated, and what it was called for is not answered.</summary>
    public void Forget(Member member)
    {
        _replay.Remove(member.Sid.Value);
        rpc.Abandon(member);
    }

    /// <summary>
    /// Takes a reliable message from what the client may send; when that is used up, later ones are taken later. False for a client
    /// that sends on all the same: only what is ordered can wait.
    /// </summary>
    private bool MaySendReliable(Participant sender, int bytes, Instant now)
    {
        if (now < sender.DataHeldUntil)
        {
            reports.Count(sender, ClientLimit.Data, now);
            return false;
        }

        Hold(sender, sender.ReliableAllowance.Take(bytes, now), now);
        return true;
    }

    private void Hold(Participant sender, TimeSpan wait, Instant now)
    {
        if (wait > TimeSpan.Zero)
        {
            // Not for each message: what was used up comes back in steps of several.
            sender.DataHeldUntil = Instant.Max(sender.DataHeldUntil, now + wait + HoldStep);
            reports.Count(sender, ClientLimit.Data, now);
            sender.Media.HoldData(sender.DataHeldUntil, now);
        }
    }

    private void Deliver(ParticipantSid sender, Destinations destinations, byte[] encoded, DataChannelKind channel, Instant now)
    {
        foreach (var receiver in members.Here)
        {
            if (receiver.Sid != sender && destinations.Include(receiver))
            {
                receiver.Media.SendData(channel, sender, encoded, now);
            }
        }
    }

    private void Keep(ParticipantSid sender, DataPacket packet, byte[] encoded, Instant now)
    {
        if (!_replay.TryGetValue(sender.Value, out var buffer))
        {
            _replay.Add(sender.Value, buffer = new ReplayBuffer(limits));
        }

        buffer.Add(packet, encoded, now);
    }

    /// <summary>Who speaks is said by the server alone, and what somebody else said by agents alone.</summary>
    private static bool MaySay(Participant sender, DataPacket packet) => packet.ValueCase switch
    {
        DataPacket.ValueOneofCase.Speaker => false,
        DataPacket.ValueOneofCase.Transcription => sender.IsAgent
            || packet.Transcription.TranscribedParticipantIdentity.Length == 0
            || packet.Transcription.TranscribedParticipantIdentity == sender.Identity,
        _ => true,
    };
}
