using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>Tokens to join with.</summary>
public sealed class JoinEndpoints(RoomCalls calls, RoomWatch watch, RoomApiSettings settings, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms/{id}/join", (Delegate)JoinAsync)
            .Guarded(GatePolicy.Signed, "joinRoom", "Gives the caller a token to join with, valid for an hour.")
            .Traced(RoomApiSpans.Join)
            .Takes<JoinRequest>()
            .Gives<JoinResponse>()
            .AboutRoom();
        app.MapPost("/v1/rooms/{id}/refresh", (Delegate)RefreshAsync)
            .Guarded(
                GatePolicy.SignedOrToken,
                "refreshToken",
                "Gives a new token and the place to connect to, after a reconnection or before the token ends. Signed, or with 'Authorization: Bearer <joinToken>' while the token is valid.")
            .Traced(RoomApiSpans.Join)
            .Takes<JoinRequest>()
            .Gives<JoinResponse>()
            .AboutRoom();
    }

    private async Task<IResult> JoinAsync(HttpContext context, string id)
    {
        var request = Read(context);
        var call = await calls.LoadAsync(context, id);
        calls.Admit(call);
        return await GiveTokenAsync(context, call, request);
    }

    private async Task<IResult> RefreshAsync(HttpContext context, string id)
    {
        var request = Read(context);
        var call = await calls.LoadAdmittedAsync(context, id);
        return await GiveTokenAsync(context, call, request);
    }

    private static JoinRequest Read(HttpContext context)
    {
        var request = context.ReadBody<JoinRequest>();
        return request.Region is null || RoomRules.IsRegion(request.Region)
            ? request
            : throw ApiProblem.BadRequest("region must be a name such as eu-west-1.");
    }

    private async Task<IResult> GiveTokenAsync(HttpContext context, RoomCall call, JoinRequest request)
    {
        var room = call.Room;
        if (!Admission.IsPlaced(room))
        {
            room = await watch.WaitAsync(room, settings.ReadyDeadline, context.RequestAborted) ?? throw ApiProblem.NoRoom();
            if (!Admission.IsPlaced(room))
            {
                throw Admission.IsOver(room, time.GetUtcNow()) ? ApiProblem.Gone() : ApiProblem.NotReady(Admission.WhyNotPlaced(room));
            }
        }

        var endpoint = RoomEndpoint.Of(room, await calls.FleetsForAsync(context, request.Region is { } region ? [region] : []))
            ?? throw ApiProblem.NotReady("no fleet that serves it has a public host name.");
        var token = calls.Issue(room, call.Me, call.Decision);
        return Answer(new JoinResponse
        {
            RoomId = call.Id,
            ParticipantId = call.Me.Text,
            Role = call.Role,
            Permissions = Permissions.Of(call.Role, room.Spec.Settings),
            JoinToken = token.Text,
            TokenExpiresAt = token.ExpiresAt.ToUnixTimeMilliseconds(),
            SfuEndpoint = endpoint,
            Settings = RoomSettingsResponse.Of(room.Spec.Settings),
        });
    }
}
