using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>Result of a call the server made to a participant.</summary>
/// <param name="Payload">What the method returned; null when it failed.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record RpcOutcome(string? Payload, RpcError? Error)
{
    /// <summary>Error codes that LiveKit's clients use for the same things.</summary>
    public const uint ResponseTimeout = 1502;
    public const uint RecipientDisconnected = 1503;
    public const uint SendFailed = 1505;

    public static RpcOutcome Failed(uint code, string message) => new(null, new RpcError { Code = code, Message = message });
}

/// <summary>Calls made by the server API to participants' methods, over the same messages participants call each other with.</summary>
internal sealed class RoomRpc(ISidSource sids, RoomTimer timer)
{
    /// <summary>The caller's identity as the called participant sees it; no participant may use it.</summary>
    private const string ServerIdentity = "livekit-server";

    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);

    public void Perform(Participant callee, PerformRpcRequest request, Action<RpcOutcome> done, Instant now)
    {
        var timeout = TimeSpan.FromMilliseconds(request.ResponseTimeoutMs == 0 ? 10_000 : Math.Min(request.ResponseTimeoutMs, 60_000));
        var id = sids.Next("RPC_");
        var packet = new DataPacket
        {
            Kind = DataPacket.Types.Kind.Reliable,
            ParticipantIdentity = ServerIdentity,
            RpcRequest = new RpcRequest
            {
                Id = id,
                Method = request.Method,
                Payload = request.Payload,
                ResponseTimeoutMs = (uint)timeout.TotalMilliseconds,
                Version = 1,
            },
        };
        packet.DestinationIdentities.Add(callee.Identity);
        if (!callee.Media.SendData(DataChannelKind.Reliable, default, packet.ToByteArray(), now))
        {
            done(RpcOutcome.Failed(RpcOutcome.SendFailed, "the participant's data channel is not open"));
            return;
        }

        var call = new Call(callee, done, now + timeout);
        _calls.Add(id, call);
        timer.Schedule(call.Deadline);
    }

    /// <returns>True when the packet answers a call of ours and goes no further.</returns>
    public bool TryComplete(Participant sender, DataPacket packet)
    {
        if (_calls.Count == 0)
        {
            return false;
        }

        if (packet.RpcAck is { } ack)
        {
            return _calls.TryGetValue(ack.RequestId, out var acknowledged) && acknowledged.Callee == sender;
        }

        if (packet.RpcResponse is not { } response || !_calls.TryGetValue(response.RequestId, out var call) || call.Callee != sender)
        {
            return false;
        }

        _calls.Remove(response.RequestId);
        call.Done(response.ValueCase == RpcResponse.ValueOneofCase.Error
            ? new RpcOutcome(null, response.Error)
            : new RpcOutcome(response.Payload, null));
        return true;
    }

    public void Abandon(Member callee) =>
        End(c => c.Callee == callee, RpcOutcome.Failed(RpcOutcome.RecipientDisconnected, "the participant left"));

    /// <returns>When to look again.</returns>
    public Instant HandleTimeout(Instant now)
    {
        End(c => c.Deadline <= now, RpcOutcome.Failed(RpcOutcome.ResponseTimeout, "no response in time"));
        return _calls.Count == 0 ? Instant.Never : _calls.Values.Min(c => c.Deadline);
    }

    private void End(Func<Call, bool> which, RpcOutcome outcome)
    {
        foreach (var (id, call) in _calls.Where(c => which(c.Value)).ToArray())
        {
            _calls.Remove(id);
            call.Done(outcome);
        }
    }

    private sealed record Call(Participant Callee, Action<RpcOutcome> Done, Instant Deadline);
}
