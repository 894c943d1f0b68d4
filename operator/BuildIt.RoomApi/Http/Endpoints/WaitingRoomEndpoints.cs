using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Moderation;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tokens;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>The waiting room: newcomers knock, hosts and moderators let them in or turn them away.</summary>
public sealed class WaitingRoomEndpoints(RoomCalls calls, WaitingRooms waiting, RoomStore rooms, Pseudonyms names, TimeProvider time)
{
    private const int MaxNote = 1024;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms/{id}/knock", (Delegate)KnockAsync)
            .Guarded(GatePolicy.Signed, "knock", "Asks to be let in, and afterwards how it stands. Knock again every few seconds: who is silent for two minutes is off the list.")
            .Takes<KnockRequest>()
            .Gives<KnockResponse>()
            .Gives<KnockResponse>(StatusCodes.Status202Accepted)
            .AboutRoom(409);
        app.MapGet("/v1/rooms/{id}/waiting", (Delegate)ListAsync)
            .Guarded(GatePolicy.Signed, "listWaiting", "Lists those who wait, longest first. Hosts and moderators.")
            .Gives<WaitingListResponse>()
            .AboutRoom();
        app.MapPost("/v1/rooms/{id}/waiting/{participantId}/approve", (Delegate)ApproveAsync)
            .Guarded(GatePolicy.Signed, "approve", "Lets somebody in. Hosts and moderators.")
            .Takes<ApproveRequest>()
            .Gives<KnockResponse>()
            .AboutRoom(409);
        app.MapPost("/v1/rooms/{id}/waiting/{participantId}/deny", (Delegate)DenyAsync)
            .Guarded(GatePolicy.Signed, "deny", "Turns somebody away. Hosts and moderators.")
            .Gives<KnockResponse>()
            .AboutRoom();
    }

    private async Task<IResult> KnockAsync(HttpContext context, string id)
    {
        var note = context.ReadBody<KnockRequest>().Note;
        if (note is { Length: > MaxNote })
        {
            throw ApiProblem.BadRequest($"note must not be longer than {MaxNote} characters.");
        }

        var call = await calls.LoadAsync(context, id);
        switch (Admission.Decide(call.Room, call.Decision, time.GetUtcNow()))
        {
            case AdmissionVerdict.Welcome:
                return Answer(Response(call, call.Me, KnockState.Approved));
            case AdmissionVerdict.Locked:
                throw ApiProblem.Forbidden("room-locked", "The room is locked: nobody is let in.");
            case AdmissionVerdict.ApprovalRequired:
                var entry = await waiting.KnockAsync(id, call.Me, From(call.Caller), note, context.RequestAborted)
                    ?? throw ApiProblem.Conflict("waiting-room-full", "Too many people wait already: knock again later.");
                return Answer(Response(call, call.Me, entry.State), entry.State == KnockState.Waiting ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
            default:
                throw ApiProblem.Gone();
        }
    }

    private async Task<IResult> ListAsync(HttpContext context, string id)
    {
        (await calls.LoadAsync(context, id)).RequireModerator();
        var list = await waiting.ListAsync(id, context.RequestAborted);
        return Answer(new WaitingListResponse
        {
            Waiting =
            [
                .. list.Select(item => new WaitingParticipant
                {
                    ParticipantId = item.Participant.Text,
                    Since = item.Entry.Since.ToUnixTimeMilliseconds(),
                    Note = item.Entry.Note,
                }),
            ],
        });
    }

    private async Task<IResult> ApproveAsync(HttpContext context, string id, string participantId)
    {
        var request = context.ReadBody<ApproveRequest>();
        var call = (await calls.LoadAsync(context, id)).RequireModerator();
        var participant = RoomCalls.Participant(participantId);
        var role = request.Role ?? Role.Participant;
        if (!call.Role.MayDecideAbout(role) || role == Role.Host)
        {
            throw ApiProblem.Forbidden("role-too-low", $"A {call.Role.Name()} may not let somebody in as {role.Name()}.");
        }

        await FindAsync(id, participant, context.RequestAborted);
        ParticipantEndpoints.CheckRoomForDecision(call.Room, participant);
        _ = await rooms.DecideAsync(
            id,
            participant,
            current => current.Revoked
                ? throw new DecisionOverruledException("This participant was put out: let them back first, with DELETE on .../revoke.")
                : current with { Role = role },
            context.RequestAborted) ?? throw ApiProblem.NoRoom();
        await waiting.RemoveAsync(id, participant, context.RequestAborted);
        return Answer(Response(call, participant, KnockState.Approved));
    }

    private async Task<IResult> DenyAsync(HttpContext context, string id, string participantId)
    {
        var call = (await calls.LoadAsync(context, id)).RequireModerator();
        var participant = RoomCalls.Participant(participantId);
        var entry = await FindAsync(id, participant, context.RequestAborted);
        await waiting.DenyAsync(id, participant, entry, context.RequestAborted);
        return Answer(Response(call, participant, KnockState.Denied));
    }

    private string From(Caller caller) => caller.Address is { } address ? names.For("waiting-address", TrustedProxies.ShareScope(address)) : "";

    private async Task<WaitingEntry> FindAsync(string id, Identity.ParticipantId participant, CancellationToken cancellation) =>
        await waiting.FindAsync(id, participant, cancellation)
        ?? throw ApiProblem.NoParticipant("Nobody with this id waits for the room: GET /v1/rooms/{id}/waiting lists those who do.");

    private static KnockResponse Response(RoomCall call, Identity.ParticipantId participant, KnockState state) => new()
    {
        RoomId = call.Id,
        ParticipantId = participant.Text,
        State = state,
    };
}
