using BuildIt.Operator.Api;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Moderation;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>Decisions about participants: put out, let back, mute, give a role.</summary>
public sealed class ParticipantEndpoints(RoomCalls calls, Moderator moderator, RoomApiMetrics metrics)
{
    private static readonly string[] Sources = ["camera", "microphone", "screen_share", "screen_share_audio"];

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms/{id}/participants/{participantId}/revoke", (Delegate)RevokeAsync)
            .Guarded(GatePolicy.Signed, "revoke", "Puts somebody out for good: tokens stop counting, and a connected participant is removed. Hosts and moderators.")
            .Gives<ParticipantResponse>()
            .Gives<ParticipantResponse>(StatusCodes.Status202Accepted)
            .AboutRoom(409);
        app.MapDelete("/v1/rooms/{id}/participants/{participantId}/revoke", (Delegate)ReinstateAsync)
            .Guarded(GatePolicy.Signed, "reinstate", "Lets somebody who was put out come back. Hosts and moderators.")
            .Gives<ParticipantResponse>()
            .AboutRoom(409);
        app.MapPost("/v1/rooms/{id}/participants/{participantId}/mute", (Delegate)MuteAsync)
            .Guarded(GatePolicy.Signed, "mute", "Mutes a connected participant: all tracks, one source or one track. Nobody can be unmuted from outside. Hosts and moderators.")
            .Takes<MuteRequest>()
            .Gives<MuteResponse>()
            .Gives<MuteResponse>(StatusCodes.Status202Accepted)
            .AboutRoom(409);
        app.MapPost("/v1/rooms/{id}/participants/{participantId}/role", (Delegate)SetRoleAsync)
            .Guarded(GatePolicy.Signed, "setRole", "Gives somebody a role; it takes effect at once. Hosts give any, moderators participant and viewer.")
            .Takes<RoleRequest>(optional: false)
            .Gives<ParticipantResponse>()
            .Gives<ParticipantResponse>(StatusCodes.Status202Accepted)
            .AboutRoom(409);
    }

    /// <exception cref="ApiProblem">The room holds as many decisions as it can.</exception>
    internal static void CheckRoomForDecision(ConferenceRoom room, ParticipantId participant)
    {
        if (RoomAnnotations.Of(room, participant) == Decision.None && RoomAnnotations.Count(room) >= RoomAnnotations.MaxDecisions)
        {
            throw ApiProblem.Conflict(
                "too-many-decisions",
                $"The room remembers decisions about {RoomAnnotations.MaxDecisions} participants already. Turn requireApproval off, or create another room.");
        }
    }

    private async Task<IResult> RevokeAsync(HttpContext context, string id, string participantId)
    {
        var (call, participant) = await TargetAsync(context, id, participantId, "remove");
        var outcome = await moderator.RevokeAsync(call.Room, participant, context.RequestAborted);
        metrics.Revocations.WithLabels(outcome.Effect == Effect.Done ? "true" : "false").Inc();
        return Outcome(call, participant, RoomAnnotations.Of(call.Room, participant).EffectiveRole, revoked: true, outcome);
    }

    private async Task<IResult> ReinstateAsync(HttpContext context, string id, string participantId)
    {
        var (call, participant) = await TargetAsync(context, id, participantId, "reinstate");
        if (!RoomAnnotations.Of(call.Room, participant).Revoked)
        {
            throw ApiProblem.Conflict("not-revoked", "This participant was not put out.");
        }

        await moderator.ReinstateAsync(call.Room, participant, context.RequestAborted);
        return Outcome(call, participant, RoomAnnotations.Of(call.Room, participant).EffectiveRole, revoked: false, new Outcome(Effect.None, Durable: true));
    }

    private async Task<IResult> MuteAsync(HttpContext context, string id, string participantId)
    {
        var request = context.ReadBody<MuteRequest>();
        if (request.Source is { } source && !Sources.Contains(source))
        {
            throw ApiProblem.BadRequest($"source must be one of {string.Join(", ", Sources)}.");
        }

        if (request.TrackSid is { Length: 0 or > 64 })
        {
            throw ApiProblem.BadRequest("trackSid must be the sid of a track, such as TR_…");
        }

        var (call, participant) = await TargetAsync(context, id, participantId, "mute");
        Muted? found;
        try
        {
            found = await moderator.MuteAsync(
                call.Room,
                participant,
                (sid, from) => (request.TrackSid is null || request.TrackSid == sid)
                    && (request.Source is null || string.Equals(request.Source, from, StringComparison.OrdinalIgnoreCase)),
                context.RequestAborted);
        }
        catch (NodeSilentException)
        {
            throw ApiProblem.NodeSilent();
        }

        var muted = found ?? throw ApiProblem.NoParticipant("This participant is not connected.");
        return Answer(
            new MuteResponse { RoomId = id, ParticipantId = participant.Text, MutedTracks = muted.Tracks, UnknownTracks = muted.Unknown },
            muted.Unknown.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private async Task<IResult> SetRoleAsync(HttpContext context, string id, string participantId)
    {
        var request = context.ReadBody<RoleRequest>();
        var (call, participant) = await TargetAsync(context, id, participantId, "change the role of");
        var role = request.Role ?? throw ApiProblem.BadRequest("Give role: host, moderator, participant or viewer.");
        if (!call.Role.MayDecideAbout(role))
        {
            throw ApiProblem.Forbidden("role-too-low", $"A {call.Role.Name()} may not make somebody {role.Name()}.");
        }

        if (RoomAnnotations.Of(call.Room, participant).Revoked)
        {
            throw ApiProblem.Conflict("revoked", "This participant was put out: let them back first, with DELETE on .../revoke.");
        }

        var outcome = await moderator.SetRoleAsync(call.Room, participant, role, context.RequestAborted);
        return Outcome(call, participant, role, revoked: false, outcome);
    }

    private async Task<(RoomCall Call, ParticipantId Participant)> TargetAsync(HttpContext context, string id, string participantId, string what)
    {
        var call = (await calls.LoadAsync(context, id)).RequireModerator();
        var participant = RoomCalls.Participant(participantId);
        if (participant == call.Me)
        {
            throw ApiProblem.Conflict("yourself", $"You cannot {what} yourself: another host can.");
        }

        var target = RoomAnnotations.Of(call.Room, participant).EffectiveRole;
        if (!call.Role.MayDecideAbout(target))
        {
            throw ApiProblem.Forbidden("role-too-low", $"A {call.Role.Name()} may not {what} a {target.Name()}.");
        }

        CheckRoomForDecision(call.Room, participant);
        return (call, participant);
    }

    private static IResult Outcome(RoomCall call, ParticipantId participant, Role role, bool revoked, Outcome outcome) => Answer(
        new ParticipantResponse
        {
            RoomId = call.Id,
            ParticipantId = participant.Text,
            Role = role,
            Revoked = revoked,
            Applied = outcome.Effect == Effect.Done,
            Effect = outcome.Effect,
            Durable = outcome.Durable,
        },
        outcome is { Durable: true, Effect: not Effect.Unknown } ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
}
