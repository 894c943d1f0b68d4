using System.Collections.Frozen;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Administration;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Sessions;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>The RoomService of the server API. Requests for a room on another node are passed on to that node.</summary>
public sealed class RoomService
{
    private const int MaxRpcPayload = 15 * 1024;
    private const int NonceLength = 16;

    private readonly IRoomRouter _router;
    private readonly INodeProxy _proxy;

    public RoomService(IRoomRouter router, INodeProxy proxy)
    {
        _router = router;
        _proxy = proxy;
        Methods = new Dictionary<string, RoomServiceMethod>
        {
            ["CreateRoom"] = new(MayCreateAny, call => Handle(call, CreateRoomRequest.Parser, (v, r) => MayCreate(v, r.Name), CreateRoomAsync)),
            ["ListRooms"] = new(v => v.RoomList, call => Handle(call, ListRoomsRequest.Parser, (v, _) => v.RoomList, ListRoomsAsync)),
            ["DeleteRoom"] = new(MayCreateAny, call => Handle(call, DeleteRoomRequest.Parser, (v, r) => MayDelete(v, r.Room), DeleteRoomAsync)),
            ["ListParticipants"] = new(MayAdminister, call => InRoom(call, ListParticipantsRequest.Parser, r => r.Room, ListParticipants)),
            ["GetParticipant"] = new(MayAdminister, call => InRoom(call, RoomParticipantIdentity.Parser, r => r.Room, GetParticipant, identityOf: r => r.Identity)),
            ["RemoveParticipant"] = new(MayAdminister, call => AtNodeOf(call, RoomParticipantIdentity.Parser, r => r.Room, r => r.Identity, RemoveParticipant)),
            ["MutePublishedTrack"] = new(MayAdminister, call => AtNodeOf(call, MuteRoomTrackRequest.Parser, r => r.Room, r => r.Identity, MutePublishedTrack)),
            ["UpdateParticipant"] = new(MayAdminister, call => AtNodeOf(call, UpdateParticipantRequest.Parser, r => r.Room, r => r.Identity, UpdateParticipant)),
            ["UpdateSubscriptions"] = new(MayAdminister, call => AtNodeOf(call, UpdateSubscriptionsRequest.Parser, r => r.Room, r => r.Identity, UpdateSubscriptions)),
            ["SendData"] = new(MayAdminister, call => InRoom(call, SendDataRequest.Parser, r => r.Room, SendData)),
            ["UpdateRoomMetadata"] = new(MayAdminister, call => InRoom(call, UpdateRoomMetadataRequest.Parser, r => r.Room, UpdateRoomMetadata, RouteIntent.Own)),
            ["PerformRpc"] = new(MayAdminister, call => Handle(call, PerformRpcRequest.Parser, (v, r) => IsAdmin(v, r.Room), PerformRpcAsync)),
            ["ForwardParticipant"] = new(MayAdminister, call => Handle(call, ForwardParticipantRequest.Parser, (v, r) => IsAdmin(v, r.Room), Unimplemented)),
            ["MoveParticipant"] = new(MayAdminister, call => Handle(call, MoveParticipantRequest.Parser, (v, r) => IsAdmin(v, r.Room), Unimplemented)),
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    internal FrozenDictionary<string, RoomServiceMethod> Methods { get; }

    /// <summary>A participant whose token may create the room it joins has no say over others.</summary>
    private static bool MayCreate(VideoGrant grant, string room) => grant.RoomCreate && (!grant.RoomJoin || grant.Room == room);

    private static bool MayCreateAny(VideoGrant grant) => grant.RoomCreate;

    private static bool MayAdminister(VideoGrant grant) => grant.RoomAdmin;

    private static bool MayDelete(VideoGrant grant, string room) => grant.RoomCreate && (!grant.RoomJoin || IsAdmin(grant, room));

    private static bool IsAdmin(VideoGrant grant, string room) => grant.RoomAdmin && grant.Room == room;

    private static async Task<TwirpResult> Handle<T>(
        RoomServiceCall call, MessageParser<T> parser, Func<VideoGrant, T, bool> allowed, Func<RoomServiceCall, T, Task<TwirpResult>> act)
        where T : class, IMessage<T>, new()
    {
        if (!call.TryRead(parser, out var request))
        {
            return new TwirpError("malformed", "the body is not a valid request");
        }

        return allowed(call.Claims.Video, request)
            ? await act(call, request).ConfigureAwait(false)
            : new TwirpError("permission_denied", "permissions denied");
    }

    /// <summary>A request of a room's administrator that is answered on the room's loop.</summary>
    private Task<TwirpResult> InRoom<T>(
        RoomServiceCall call, MessageParser<T> parser, Func<T, string> roomOf, Func<RoomCore, T, Instant, TwirpResult> act, RouteIntent intent = RouteIntent.Find, Func<T, string>? identityOf = null)
        where T : class, IMessage<T>, new() =>
        Handle(call, parser, (grant, request) => IsAdmin(grant, roomOf(request)), (_, request) =>
            WithRoom(
                call,
                roomOf(request),
                async home =>
                {
                    // Whoever has just come is known first where it is.
                    var host = identityOf is null ? home : await home.WhereAsync(identityOf(request)).ConfigureAwait(false);
                    return await host.InvokeAsync((room, now) => act(room, request, now)).ConfigureAwait(false);
                },
                intent));

    /// <summary>The same about one participant: answered by the node to which that one is connected.</summary>
    private Task<TwirpResult> AtNodeOf<T>(
        RoomServiceCall call, MessageParser<T> parser, Func<T, string> roomOf, Func<T, string> identityOf, Func<RoomCore, T, Instant, TwirpResult> act)
        where T : class, IMessage<T>, new() =>
        Handle(call, parser, (grant, request) => IsAdmin(grant, roomOf(request)), (_, request) =>
            WithRoom(call, roomOf(request), home => AtNodeOfAsync(call, home, identityOf(request), host => host.InvokeAsync((room, now) => act(room, request, now)))));

    private async Task<TwirpResult> AtNodeOfAsync(RoomServiceCall call, RoomHost home, string identity, Func<RoomHost, Task<TwirpResult>> act)
    {
        var host = await home.WhereAsync(identity).ConfigureAwait(false);
        if (await host.InvokeAsync((room, _) => room.NodeOf(identity)).ConfigureAwait(false) is not { } node)
        {
            return await act(host).ConfigureAwait(false);
        }

        return await _router.SeatAsync(host.Name, node).ConfigureAwait(false) is { } endpoint
            && await _proxy.ForwardAsync(call.Context, endpoint, cancel => _router.MovedAsync(host.Name, endpoint, cancel)).ConfigureAwait(false)
            ? TwirpResult.PassedOn
            : new TwirpError("unavailable", "the node of the participant does not answer");
    }

    private async Task<TwirpResult> WithRoom(
        RoomServiceCall call, string room, Func<RoomHost, Task<TwirpResult>> act, RouteIntent intent = RouteIntent.Find, RoomConfiguration? configuration = null)
    {
        switch (await _router.RouteAsync(room, intent, configuration, call.Cancel).ConfigureAwait(false))
        {
            case RoomLocation.Local local:
                return await act(local.Host).ConfigureAwait(false);
            case RoomLocation.Remote remote:
                return await _proxy.ForwardAsync(call.Context, remote.Node, cancel => _router.MovedAsync(room, remote.Node, cancel)).ConfigureAwait(false)
                    ? TwirpResult.PassedOn
                    : new TwirpError("unavailable", "the node of the room does not answer");
            case RoomLocation.NotFound:
                return TwirpError.NotFound("requested room does not exist");
            case RoomLocation.NotCreated refused:
                return new TwirpError(refused.Again ? "unavailable" : "invalid_argument", refused.Why);
            case RoomLocation.NodeFull:
                return new TwirpError("resource_exhausted", "the node is at capacity");
            default:
                return new TwirpError("unavailable", "the room is not available at present");
        }
    }

    private Task<TwirpResult> CreateRoomAsync(RoomServiceCall call, CreateRoomRequest request)
    {
        if (request.Name.Length is 0 or > JoinLimits.MaxName)
        {
            return Task.FromResult<TwirpResult>(TwirpError.InvalidArgument("a room name has 1 to 256 characters"));
        }

        if (System.Text.Encoding.UTF8.GetByteCount(request.Metadata) > JoinLimits.MaxMetadata)
        {
            return Task.FromResult<TwirpResult>(TwirpError.InvalidArgument("metadata exceeds the limit"));
        }

        if (NotDone(request) is { } missing)
        {
            return Task.FromResult<TwirpResult>(new TwirpError("unimplemented", missing));
        }

        var configuration = new RoomConfiguration
        {
            EmptyTimeout = request.EmptyTimeout,
            DepartureTimeout = request.DepartureTimeout,
            MaxParticipants = request.MaxParticipants,
            Metadata = request.Metadata,
        };
        return WithRoom(
            call,
            request.Name,
            host => host.InvokeAsync((room, _) => TwirpResult.Ok(room.Info())),
            RouteIntent.Create,
            configuration);
    }

    /// <summary>
    /// What a request asks for that no part of this server does: better refused than promised. Hints that change nothing when they
    /// are not followed (node_id, play-out delays, sync_streams, tags) are ignored.
    /// </summary>
    private static string? NotDone(CreateRoomRequest request) => request switch
    {
        { Egress: not null } => "recording is not part of this server: leave out egress",
        { Agents.Count: > 0 } => "agents are not part of this server: leave out agents, and let them join with tokens of their own",
        { RoomPreset.Length: > 0 } => "there are no room presets here: leave out room_preset, and state the settings themselves",
        { ReplayEnabled: true } => "replay is not part of this server: leave out replay_enabled",
        _ => null,
    };

    private async Task<TwirpResult> ListRoomsAsync(RoomServiceCall call, ListRoomsRequest request)
    {
        var response = new ListRoomsResponse();
        response.Rooms.AddRange(await _router.ListAsync(request.Names, call.Cancel).ConfigureAwait(false));
        return TwirpResult.Ok(response);
    }

    private Task<TwirpResult> DeleteRoomAsync(RoomServiceCall call, DeleteRoomRequest request) =>
        WithRoom(
            call,
            request.Room,
            async host => await _router.EndAsync(host, call.Cancel).ConfigureAwait(false)
                ? TwirpResult.Ok(new DeleteRoomResponse())
                : new TwirpError("unavailable", "the room has ended on its node, and not everywhere yet: ask again"),
            RouteIntent.End);

    private static TwirpResult ListParticipants(RoomCore room, ListParticipantsRequest request, Instant now)
    {
        var response = new ListParticipantsResponse();
        response.Participants.AddRange(room.ListParticipants());
        return TwirpResult.Ok(response);
    }

    private static TwirpResult GetParticipant(RoomCore room, RoomParticipantIdentity request, Instant now) =>
        room.FindParticipant(request.Identity) is { } participant ? TwirpResult.Ok(participant) : ErrorOf(ModerationError.ParticipantNotFound);

    private static TwirpResult RemoveParticipant(RoomCore room, RoomParticipantIdentity request, Instant now) =>
        Result(room.Moderation.RemoveParticipant(request.Identity, now), new RemoveParticipantResponse());

    private static TwirpResult MutePublishedTrack(RoomCore room, MuteRoomTrackRequest request, Instant now) =>
        Result(room.Moderation.MuteTrack(request.Identity, request.TrackSid, request.Muted, now, out var info), new MuteRoomTrackResponse { Track = info });

    private static TwirpResult UpdateParticipant(RoomCore room, UpdateParticipantRequest request, Instant now) =>
        Result(room.Moderation.UpdateParticipant(request, now, out var info), info);

    private static TwirpResult UpdateSubscriptions(RoomCore room, UpdateSubscriptionsRequest request, Instant now) =>
        Result(room.Moderation.UpdateSubscriptions(request, now), new UpdateSubscriptionsResponse());

    private static TwirpResult SendData(RoomCore room, SendDataRequest request, Instant now)
    {
        if (request.Nonce.Length is not (0 or NonceLength))
        {
            return TwirpError.InvalidArgument("a nonce has 16 bytes");
        }

        return room.Moderation.SendData(request, now)
            ? TwirpResult.Ok(new SendDataResponse())
            : TwirpError.InvalidArgument($"the data, with its topic and destinations, exceeds {room.Moderation.LargestData} bytes, which is what a data channel carries in one message");
    }

    private static TwirpResult UpdateRoomMetadata(RoomCore room, UpdateRoomMetadataRequest request, Instant now) =>
        room.Moderation.TrySetMetadata(request.Metadata, now) ? TwirpResult.Ok(room.Info()) : ErrorOf(ModerationError.LimitExceeded);

    private Task<TwirpResult> PerformRpcAsync(RoomServiceCall call, PerformRpcRequest request)
    {
        if (request.Method.Length is 0 or > JoinLimits.MaxName || System.Text.Encoding.UTF8.GetByteCount(request.Payload) > MaxRpcPayload)
        {
            return Task.FromResult<TwirpResult>(TwirpError.InvalidArgument("the method is missing or the payload is too large"));
        }

        return WithRoom(call, request.Room, home => AtNodeOfAsync(call, home, request.DestinationIdentity, async host =>
        {
            var done = new TaskCompletionSource<RpcOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            var error = await host.InvokeAsync((room, now) => room.Moderation.PerformRpc(request, done.SetResult, now)).ConfigureAwait(false);
            if (error != ModerationError.None)
            {
                return ErrorOf(error);
            }

            var outcome = await done.Task.WaitAsync(call.Cancel).ConfigureAwait(false);
            return outcome.Error is { } failed
                ? new TwirpError(failed.Code == RpcOutcome.ResponseTimeout ? "deadline_exceeded" : "unknown", failed.Message)
                {
                    Meta = new Dictionary<string, string> { ["rpc_code"] = $"{failed.Code}", ["rpc_data"] = failed.Data },
                }
                : TwirpResult.Ok(new PerformRpcResponse { Payload = outcome.Payload });
        }));
    }

    private static Task<TwirpResult> Unimplemented<T>(RoomServiceCall call, T request) =>
        Task.FromResult<TwirpResult>(new TwirpError("unimplemented", "participants cannot be moved or forwarded between rooms"));

    private static TwirpResult Result(ModerationError error, IMessage? response) =>
        error == ModerationError.None ? TwirpResult.Ok(response!) : ErrorOf(error);

    private static TwirpError ErrorOf(ModerationError error) => error switch
    {
        ModerationError.ParticipantNotFound => TwirpError.NotFound("participant does not exist"),
        ModerationError.TrackNotFound => TwirpError.NotFound("track is not found"),
        ModerationError.RemoteUnmuteDisabled => new TwirpError("failed_precondition", "remote unmute not enabled"),
        _ => TwirpError.InvalidArgument("metadata, name or attributes exceed the limits"),
    };
}

/// <summary>One method of the RoomService.</summary>
/// <param name="MayAtAll">Whether a grant allows it for any room: asked before the body, which names the room, is read.</param>
/// <param name="Act">Does it, for whoever may.</param>
internal sealed record RoomServiceMethod(Func<VideoGrant, bool> MayAtAll, Func<RoomServiceCall, Task<TwirpResult>> Act);

/// <summary>One request to the RoomService, authenticated but not yet authorised.</summary>
internal sealed record RoomServiceCall(HttpContext Context, AccessClaims Claims, ReadOnlyMemory<byte> Body, bool Json)
{
    public CancellationToken Cancel => Context.RequestAborted;

    public bool TryRead<T>(MessageParser<T> parser, out T request)
        where T : class, IMessage<T>, new()
    {
        var read = Json
            ? WireCodec.TryParseJson<T>(System.Text.Encoding.UTF8.GetString(Body.Span), out var parsed)
            : WireCodec.TryParse(Body.Span, parser, out parsed);
        request = parsed ?? new T();
        return read;
    }
}
