using System.Globalization;
using System.Security.Cryptography;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>Rooms: made, listed, read, changed and ended.</summary>
public sealed class RoomEndpoints(
    RoomCalls calls,
    RoomStore rooms,
    RoomWatch watch,
    CreationMemory creations,
    RequestGate gate,
    RequestMemory memory,
    WaitingRooms waiting,
    CommitLog log,
    Pseudonyms names,
    RoomApiMetrics metrics,
    RoomApiSettings settings,
    TimeProvider time)
{
    private const string IdempotencyHeader = "Idempotency-Key";
    private const int MaxIdempotencyKey = 128;
    private const int MaxPage = 200;
    private const int DefaultPage = 50;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms", (Delegate)CreateAsync)
            .Guarded(GatePolicy.Signed, "createRoom", "Creates a room and gives its creator the means to join it as host. An Idempotency-Key header makes it safe to repeat.")
            .Traced(RoomApiSpans.Create)
            .Takes<CreateRoomRequest>()
            .Gives<CreateRoomResponse>(StatusCodes.Status201Created)
            .Gives<CreateRoomResponse>(StatusCodes.Status202Accepted)
            .Refuses(409, 410);
        app.MapGet("/v1/rooms", (Delegate)ListAsync)
            .Guarded(GatePolicy.Signed, "listRooms", "Lists the rooms that the caller created: ?limit=1..200, ?continue=.")
            .Gives<RoomListResponse>()
            .Refuses(400);
        app.MapGet("/v1/rooms/{id}", (Delegate)GetAsync)
            .Guarded(GatePolicy.Signed, "getRoom", "Reads a room.")
            .Gives<RoomResponse>()
            .AboutRoom();
        app.MapPatch("/v1/rooms/{id}", (Delegate)UpdateAsync)
            .Guarded(GatePolicy.Signed, "updateRoom", "Changes a room while it is live. What is left out stays as it is.")
            .Takes<UpdateRoomRequest>(optional: false)
            .Gives<RoomResponse>()
            .AboutRoom();
        app.MapDelete("/v1/rooms/{id}", (Delegate)DeleteAsync)
            .Guarded(GatePolicy.Signed, "deleteRoom", "Ends a room for everybody. Hosts only.")
            .Produces(StatusCodes.Status204NoContent)
            .AboutRoom();
    }

    private async Task<IResult> CreateAsync(HttpContext context)
    {
        var caller = Caller.Of(context);
        var request = context.ReadBody<CreateRoomRequest>();
        var creator = names.Creator(caller.PublicKey.Span);
        var idempotency = IdempotencyName(context, caller);

        // Checked before anything is asked or reserved.
        RoomRules.ToSpec(request, creator, [], settings, time.GetUtcNow());
        var ranked = await calls.FleetsForAsync(context, request.Regions ?? []);
        var regions = ranked.Select(scored => scored.Fleet.Region).Distinct(StringComparer.Ordinal).Take(32).ToList();
        var spec = RoomRules.ToSpec(request, creator, regions, settings, time.GetUtcNow());

        var started = time.GetTimestamp();
        var room = idempotency is null
            ? await CreateNewAsync(RoomIds.New(), spec, caller, context.RequestAborted)
            : await CreateOnceAsync(idempotency, spec, caller, context.RequestAborted);
        room = await watch.WaitAsync(room, settings.ReadyDeadline, context.RequestAborted) ?? throw ApiProblem.Gone();
        var endpoint = Admission.IsPlaced(room) ? RoomEndpoint.Of(room, ranked) : null;
        if (endpoint is null)
        {
            metrics.NotReady.Inc();
        }
        else
        {
            metrics.ReadySeconds.Observe(time.GetElapsedTime(started).TotalSeconds);
        }

        return Created(context, room, caller, endpoint);
    }

    private IResult Created(HttpContext context, ConferenceRoom room, Caller caller, string? endpoint)
    {
        var id = room.Metadata.Name;
        var me = names.Participant(id, caller.PublicKey.Span);

        // A request that is repeated late finds its room as it is by now, and its creator as what they are by now.
        var decision = calls.StandingOf(room, me);
        var token = endpoint is null ? null : calls.Issue(room, me, decision);
        context.Response.Headers.Location = $"{settings.PublicUrl}/v1/rooms/{id}";
        if (token is null)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return Answer(
            new CreateRoomResponse
            {
                RoomId = id,
                JoinToken = token?.Text,
                TokenExpiresAt = token?.ExpiresAt.ToUnixTimeMilliseconds(),
                SfuEndpoint = endpoint,
                ParticipantId = me.Text,
                Role = decision.EffectiveRole,
                Permissions = Permissions.Of(decision.EffectiveRole, room.Spec.Settings),
                Settings = RoomSettingsResponse.Of(room.Spec.Settings),
                MaxParticipants = room.Spec.MaxParticipants,
                Phase = RoomCalls.Phase(room),
                Message = token is not null ? null
                    : Admission.IsPlaced(room) ? "No fleet that serves the room has a public host name (SfuCluster spec.network.signalHost)."
                    : Admission.WhyNotPlaced(room),
                CreatedAt = RoomCalls.Milliseconds(room.Metadata.CreationTimestamp) ?? 0,
                ExpiresAt = RoomCalls.Milliseconds(room.Spec.ExpiresAt),
            },
            token is null ? StatusCodes.Status202Accepted : StatusCodes.Status201Created);
    }

    private async Task<ConferenceRoom> CreateNewAsync(string id, ConferenceRoomSpec spec, Caller caller, CancellationToken cancellation)
    {
        var bucket = $"create:{names.For("rate-key", caller.PublicKey.Span)}";
        if (await memory.CountAsync(bucket, settings.CreateLimit, TimeSpan.FromHours(1), cancellation) is { } wait)
        {
            throw ApiProblem.TooMany("rooms created with this key", wait);
        }

        // Anybody can make any number of keys.
        await gate.LimitAddressAsync(
            caller.Address, "create-address", settings.AddressCreateLimit, TimeSpan.FromHours(1), "rooms created from this address", cancellation);

        var host = names.Participant(id, caller.PublicKey.Span);
        var created = await rooms.CreateAsync(
            new ConferenceRoom
            {
                Metadata = new()
                {
                    Name = id,
                    Labels = new Dictionary<string, string> { [RoomAnnotations.CreatorLabel] = RoomAnnotations.CreatorLabelValue(spec.CreatedBy!) },
                    Annotations = RoomAnnotations.Traced(new Dictionary<string, string> { [RoomAnnotations.NameFor(host)] = RoomAnnotations.Write(new Decision(Role.Host)) }),

                    // The operator would put it there: one write less before the room is ready.
                    Finalizers = [SfuApi.Finalizer],
                },
                Spec = spec,
            },
            cancellation);
        if (created is null)
        {
            // Only a repeated request can meet its own object: ids are random.
            return await rooms.FindAsync(id, cancellation) ?? throw ApiProblem.Gone();
        }

        metrics.RoomsCreated.Inc();
        return created;
    }

    private async Task<ConferenceRoom> CreateOnceAsync(string name, ConferenceRoomSpec spec, Caller caller, CancellationToken cancellation)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(caller.Body.Span));
        var reservation = await creations.ReserveAsync(name, RoomIds.New(), hash, cancellation);
        if (!reservation.SameBody)
        {
            throw ApiProblem.Conflict("idempotency-key-reused", "This Idempotency-Key was used with another body: use a new key for another room.");
        }

        if (await rooms.FindAsync(reservation.Room, cancellation) is { } present)
        {
            // A room that was deleted stays until the operator has told everybody.
            return Admission.IsOver(present, time.GetUtcNow()) ? throw ApiProblem.Gone() : present;
        }

        if (reservation.Created)
        {
            throw ApiProblem.Gone();
        }

        var room = await CreateNewAsync(reservation.Room, spec, caller, cancellation);
        await creations.MarkCreatedAsync(name, reservation.Room, hash, cancellation);
        return room;
    }

    private string? IdempotencyName(HttpContext context, Caller caller)
    {
        var values = context.Request.Headers[IdempotencyHeader];
        if (values.Count == 0)
        {
            return null;
        }

        return values is [{ Length: > 0 and <= MaxIdempotencyKey } key] && key.All(c => c is > ' ' and < '\u007f')
            ? names.For("idempotency", [.. caller.PublicKey.Span, .. System.Text.Encoding.ASCII.GetBytes(key)])
            : throw ApiProblem.BadRequest($"{IdempotencyHeader} must be given once, with 1 to {MaxIdempotencyKey} visible ASCII characters.");
    }

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var limit = DefaultPage;
        if (context.Request.Query["limit"] is { Count: > 0 } asked
            && !(asked is [{ } only] && int.TryParse(only, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxPage))
        {
            throw ApiProblem.BadRequest($"limit must be a whole number from 1 to {MaxPage}.");
        }

        var creator = names.Creator(Caller.Of(context).PublicKey.Span);
        var next = context.Request.Query["continue"] is [{ Length: > 0 } text] ? text : null;
        RoomPage page;
        try
        {
            page = await rooms.ListAsync(RoomAnnotations.CreatorLabelValue(creator), limit, next, context.RequestAborted)
                ?? throw new ApiProblem(StatusCodes.Status410Gone, "list-changed", "The list cannot be continued any more: start again without continue.");
        }
        catch (ObjectRefusedException)
        {
            throw ApiProblem.BadRequest("continue must be the value that the page before gave.");
        }

        var ranked = await calls.FleetsForAsync(context, []);
        return Answer(new RoomListResponse
        {
            Rooms =
            [
                .. page.Rooms.Where(room => room.Spec.CreatedBy == creator).Select(room =>
                {
                    var me = names.Participant(room.Metadata.Name, Caller.Of(context).PublicKey.Span);
                    return RoomCalls.Describe(room, me, RoomAnnotations.Of(room, me).EffectiveRole, RoomEndpoint.Of(room, ranked));
                }),
            ],
            Continue = page.Continue,
        });
    }

    private async Task<IResult> GetAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAsync(context, id);
        return await DescribeAsync(context, call, call.Room);
    }

    private async Task<IResult> UpdateAsync(HttpContext context, string id)
    {
        var call = (await calls.LoadAsync(context, id)).RequireModerator();
        var request = context.ReadBody<UpdateRoomRequest>();
        if (request.Name is not null || request.ExpiresAt is not null || request.Settings?.MaxParticipants is not null)
        {
            call.RequireHost("change name, expiresAt and maxParticipants");
        }

        var patch = RoomRules.ToPatch(request, settings, time.GetUtcNow())
            ?? throw ApiProblem.BadRequest("The body asks for no change: give name, settings or expiresAt.");
        var updated = await rooms.PatchAsync(id, patch, context.RequestAborted) ?? throw ApiProblem.NoRoom();
        return await DescribeAsync(context, call, updated);
    }

    private async Task<IResult> DeleteAsync(HttpContext context, string id)
    {
        (await calls.LoadAsync(context, id)).RequireHost("end the room");
        if (!await rooms.DeleteAsync(id, context.RequestAborted))
        {
            throw ApiProblem.NoRoom();
        }

        try
        {
            await waiting.ForgetRoomAsync(id, context.RequestAborted);
            await log.ForgetRoomAsync(id, context.RequestAborted);
        }
        catch (RegistryUnavailableException)
        {
            // They expire by themselves.
        }

        return Results.NoContent();
    }

    private async Task<IResult> DescribeAsync(HttpContext context, RoomCall call, ConferenceRoom room) =>
        Answer(RoomCalls.Describe(room, call.Me, call.Role, RoomEndpoint.Of(room, await calls.FleetsForAsync(context, []))));
}
