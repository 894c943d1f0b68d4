using System.Net;
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
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.RoomApi.Http;

/// <summary>A request about one room: the room, and what the caller is in it.</summary>
public sealed record RoomCall(ConferenceRoom Room, Caller Caller, ParticipantId Me, Decision Decision)
{
    public string Id => Room.Metadata.Name;

    public Role Role => Decision.EffectiveRole;

    public RoomCall RequireModerator() => Role.Moderates()
        ? this
        : throw ApiProblem.Forbidden("role-too-low", $"Only a host or moderator may do this; you are {Role.Name()}.");

    public RoomCall RequireHost(string what) => Role == Role.Host
        ? this
        : throw ApiProblem.Forbidden("role-too-low", $"Only a host may {what}; you are {Role.Name()}.");
}

/// <summary>What the handlers of rooms have in common. Thread-safe.</summary>
public sealed class RoomCalls(
    RoomStore rooms,
    UndurableDecisions undurable,
    FleetDirectory fleets,
    CallerLocator locator,
    Pseudonyms names,
    JoinTokens tokens,
    RoomApiMetrics metrics,
    RoomApiSettings settings,
    TimeProvider time)
{
    /// <summary>Finds the room and the caller in it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="id">The room's id as the path has it.</param>
    /// <param name="evenOver">True to find a room that is over, for what may still be asked about it.</param>
    /// <exception cref="ApiProblem">There is no such room, it is over, or the caller was put out.</exception>
    public async Task<RoomCall> LoadAsync(HttpContext context, string id, bool evenOver = false)
    {
        var room = await FindAsync(id, context.RequestAborted) ?? throw ApiProblem.NoRoom();
        var caller = Caller.Of(context);
        if (caller.Token is { } token && token.Room != id)
        {
            throw ApiProblem.Unauthorized("The join token is for another room.");
        }

        var me = caller.ParticipantIn(id, names);
        return new RoomCall(room, caller, me, StandingOf(room, caller, me, evenOver));
    }

    /// <summary>A room with all that was decided in it; null when there is none.</summary>
    public async Task<ConferenceRoom?> FindAsync(string id, CancellationToken cancellation)
    {
        if (!RoomIds.IsValid(id) || await rooms.FindAsync(id, cancellation) is not { } room)
        {
            return null;
        }

        // What could not be made durable counts all the same, as long as there is somewhere to look.
        try
        {
            await undurable.ApplyAsync(room, cancellation);
        }
        catch (RegistryUnavailableException)
        {
            // The object says all that is known.
        }

        return room;
    }

    /// <summary>What was decided about somebody in a room, who shows what they show.</summary>
    /// <exception cref="ApiProblem">The room is over, or they were put out, or their token counts no more.</exception>
    public Decision StandingOf(ConferenceRoom room, Caller caller, ParticipantId me, bool evenOver = false)
    {
        var decision = StandingOf(room, me, evenOver);
        return caller.Token is { } shown && shown.IssuedAt.ToUnixTimeMilliseconds() < decision.TokensFrom
            ? throw ApiProblem.Unauthorized("The join token was revoked: sign the request with your Nostr key instead (NIP-98).")
            : decision;
    }

    /// <summary>Finds the room and the caller in it, who is in it or may enter.</summary>
    /// <exception cref="ApiProblem">As <see cref="LoadAsync"/> and <see cref="Admit"/>.</exception>
    public async Task<RoomCall> LoadAdmittedAsync(HttpContext context, string id)
    {
        var call = await LoadAsync(context, id);

        // Whoever holds a token that counts was admitted: a lock or a waiting room that came later is for others.
        if (call.Caller.Token is null)
        {
            Admit(call);
        }

        return call;
    }

    /// <summary>Lets the caller in as far as the room does.</summary>
    /// <exception cref="ApiProblem">It does not.</exception>
    public void Admit(RoomCall call)
    {
        switch (Admission.Decide(call.Room, call.Decision, time.GetUtcNow()))
        {
            case AdmissionVerdict.Welcome:
                return;
            case AdmissionVerdict.Locked:
                throw ApiProblem.Forbidden("room-locked", "The room is locked: ask a host or moderator to unlock it.");
            case AdmissionVerdict.ApprovalRequired:
                throw ApiProblem.Forbidden("approval-required", $"Somebody has to let you in: POST /v1/rooms/{call.Id}/knock until its state is approved, then join.");
            case AdmissionVerdict.Revoked:
                throw ApiProblem.Forbidden("revoked", "You were removed from this room.");
            default:
                throw ApiProblem.Gone();
        }
    }

    /// <summary>What was decided about somebody in a room.</summary>
    /// <exception cref="ApiProblem">The room is over, or they were put out.</exception>
    public Decision StandingOf(ConferenceRoom room, ParticipantId participant, bool evenOver = false)
    {
        if (!evenOver && Admission.IsOver(room, time.GetUtcNow()))
        {
            throw ApiProblem.Gone();
        }

        return RoomAnnotations.Of(room, participant) is { Revoked: false } decision
            ? decision
            : throw ApiProblem.Forbidden("revoked", "You were removed from this room. A host or moderator can let you in again.");
    }

    /// <summary>A participant named in the path.</summary>
    public static ParticipantId Participant(string text) => ParticipantId.TryParse(text, out var id)
        ? id
        : throw ApiProblem.NoParticipant("There is no such participant: an id is 22 characters of base64url, as in participantId.");

    public Place PlaceOf(HttpContext context)
    {
        var trusted = settings.TrustedProxies.Trusts(context.Connection.RemoteIpAddress);
        return locator.Locate(trusted ? name => context.Request.Headers[name] is [{ } only] ? only : null : null, Caller.Of(context).Address);
    }

    public async Task<IReadOnlyList<ScoredFleet>> FleetsForAsync(HttpContext context, IReadOnlyList<string> hints) =>
        RegionChoice.Rank(await fleets.AllAsync(context.RequestAborted), PlaceOf(context), hints);

    public JoinToken Issue(ConferenceRoom room, ParticipantId participant, Decision decision)
    {
        metrics.Tokens.WithLabels(decision.EffectiveRole.Name()).Inc();
        return tokens.Issue(room, participant, decision, OwnSpans.Current?.Id);
    }

    public static RoomResponse Describe(ConferenceRoom room, ParticipantId me, Role role, string? endpoint) => new()
    {
        RoomId = room.Metadata.Name,
        Name = room.Spec.DisplayName,
        Phase = Phase(room),
        Role = role,
        ParticipantId = me.Text,
        MaxParticipants = room.Spec.MaxParticipants,
        Settings = RoomSettingsResponse.Of(room.Spec.Settings),
        Participants = room.Status?.Participants ?? 0,
        CreatedAt = Milliseconds(room.Metadata.CreationTimestamp) ?? 0,
        ExpiresAt = Milliseconds(room.Spec.ExpiresAt),
        SfuEndpoint = endpoint,
        Seats = [.. (room.Status?.Assignments ?? []).OrderBy(seat => seat.Role).ThenBy(seat => seat.Region, StringComparer.Ordinal).Select(RoomSeatResponse.Of)],
    };

    /// <summary>The room as its log knows it.</summary>
    public static LogRoom LogOf(ConferenceRoom room) =>
        new(room.Metadata.Name, room.Spec.ExpiresAt is { } end ? new DateTimeOffset(end.ToUniversalTime()) : null);

    public static string Phase(ConferenceRoom room) => (room.Status?.Phase ?? RoomPhase.Pending).ToString().ToLowerInvariant();

    public static long? Milliseconds(DateTime? when) => when is { } value ? new DateTimeOffset(value.ToUniversalTime()).ToUnixTimeMilliseconds() : null;
}
