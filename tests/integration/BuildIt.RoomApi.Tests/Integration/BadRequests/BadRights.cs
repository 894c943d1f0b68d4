namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Well formed requests of people who may not make them: roles, tokens, rooms that let nobody in, limits.</summary>
internal static class BadRights
{
    private const string NotValid = "The join token is not valid or has expired";

    public static readonly BadRequest[] Rows =
    [
        // Roles.
        new("a guest who ends the room", 403, "role-too-low", "Only a host may end the room; you are participant", s => s.Ask(s.Guest, "DELETE", $"/v1/rooms/{s.Room}").Once()),
        new("a stranger who ends the room", 403, "role-too-low", "Only a host may end the room", s => s.Ask(s.Stranger, "DELETE", $"/v1/rooms/{s.Room}").Once()),
        new("a moderator who ends the room", 403, "role-too-low", "Only a host may end the room; you are moderator", s => s.Ask(s.Moderator, "DELETE", $"/v1/rooms/{s.Room}").Once()),
        new("the host of one room who ends another", 403, "role-too-low", "Only a host may end the room", s => s.Ask(s.Moderator, "DELETE", $"/v1/rooms/{s.Other}").Once()),
        new("a guest who unlocks the room", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "PATCH", $"/v1/rooms/{s.Locked}", """{"settings":{"locked":false}}""").Once()),
        new("a moderator who renames the room", 403, "role-too-low", "Only a host may change name", s => s.Ask(s.Moderator, "PATCH", $"/v1/rooms/{s.Room}", """{"name":"mine"}""").Once()),
        new("a moderator who makes room for more", 403, "role-too-low", "maxParticipants", s => s.Ask(s.Moderator, "PATCH", $"/v1/rooms/{s.Room}", """{"settings":{"maxParticipants":500}}""").Once()),
        new("a guest who puts somebody out", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("viewer")}/revoke").Once()),
        new("a viewer who mutes somebody", 403, "role-too-low", "you are viewer", s => s.Ask(s.Viewer, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/mute", "{}").Once()),
        new("a moderator who puts the host out", 403, "role-too-low", "A moderator may not remove a host", s => s.Ask(s.Moderator, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("host")}/revoke").Once()),
        new("a moderator who makes a moderator", 403, "role-too-low", "A moderator may not make somebody moderator", s => s.Ask(s.Moderator, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", """{"role":"moderator"}""").Once()),
        new("a guest who gives themselves a role", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", """{"role":"host"}""").Once()),
        new("a moderator who gives themselves a role", 409, "yourself", "another host can", s => s.Ask(s.Moderator, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("moderator")}/role", """{"role":"host"}""").Once()),
        new("a host who puts themselves out", 409, "yourself", "You cannot remove yourself", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("host")}/revoke").Once()),
        new("a role for somebody who was put out", 409, "revoked", "let them back first", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("outcast")}/role", """{"role":"viewer"}""").Once()),
        new("a way back for somebody who was not put out", 409, "not-revoked", "was not put out", s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/revoke").Once()),
        new("a mute of somebody who is not connected", 404, "participant-not-found", "not connected", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/mute", "{}").Once()),
        new("a guest who looks who waits", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}/waiting").Once()),
        new("a guest who lets somebody in", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.ForApproval}/waiting/{s.IdOf("guest")}/approve", "{}").Once()),
        new("an approval of somebody who does not wait", 404, "participant-not-found", "lists those who do", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.ForApproval}/waiting/{s.IdOf("guest")}/approve", "{}").Once()),
        new("an approval as host", 403, "role-too-low", "may not let somebody in as host", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.ForApproval}/waiting/{s.IdOf("guest")}/approve", """{"role":"host"}""").Once()),
        new("a guest who counts the cost", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}/usage").Once()),

        // Rooms that let nobody in.
        new("somebody who was put out and joins", 403, "revoked", "A host or moderator can let you in again", s => s.Ask(s.Outcast, "POST", $"/v1/rooms/{s.Room}/join", "{}").Once()),
        new("somebody who was put out and knocks", 403, "revoked", "A host or moderator can let you in again", s => s.Ask(s.Outcast, "POST", $"/v1/rooms/{s.Room}/knock", "{}").Once()),
        new("a newcomer at a locked room", 403, "room-locked", "ask a host or moderator to unlock it", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Locked}/join", "{}").Once()),
        new("a knock at a locked room", 403, "room-locked", "nobody is let in", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Locked}/knock", "{}").Once()),
        new("a newcomer who did not knock", 403, "approval-required", $"/knock until its state is approved", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.ForApproval}/join", "{}").Once()),
        new("a join of a room that has ended", 410, "room-ended", "create a new one with POST /v1/rooms", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Ended}/join", "{}").Once()),
        new("a join of a room whose time is over", 410, "room-ended", "create a new one", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Expired}/join", "{}").Once()),
        new("a longer life for a room whose time is over", 410, "room-ended", "create a new one", s => s.Ask(s.Host, "PATCH", $"/v1/rooms/{s.Expired}", """{"settings":{"locked":true}}""").Once()),
        new("a join of a room that was deleted", 404, "room-not-found", "create a new one", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Deleted}/join", "{}").Once()),
        new("a join of a room that has no place", 503, "room-not-ready", StandInOperator.WhyNot, s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Waiting}/join", "{}").Once()),

        // Tokens.
        new("a token that has expired", 401, "not-authenticated", NotValid, s => s.Refresh(s.ExpiredToken())),
        new("a token that is not yet valid", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("nbf", DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds()))),
        new("a token without an end", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("exp", null))),
        new("a token whose end is a word", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("exp", "never"))),
        new("a token whose end is after all time", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("exp", 1e300))),
        new("a token that does not say when it was issued", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iat", null))),
        new("a token that was issued in a word", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iat", "today"))),
        new("a token that was issued before all time", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iat", -1e300))),
        new("a token of an unknown key", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iss", "otherkey"))),
        new("a token of no key", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iss", null))),
        new("a token whose key is a number", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("iss", 7))),
        new("a token for nobody", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("sub", null))),
        new("a token for a name", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("sub", "alice"))),
        new("a token for a number", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("sub", 7))),
        new("a token for a list of people", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("sub", new[] { s.IdOf("guest"), s.IdOf("host") }))),
        new("a token without a grant", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("video", null))),
        new("a token whose grant is a text", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("video", "all"))),
        new("a token that may not join", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("video", new { roomAdmin = true, room = s.Room }))),
        new("a token whose room is a list", 401, "not-authenticated", NotValid, s => s.Refresh(s.Spoiled("video", new { roomJoin = true, room = new[] { s.Room } }))),
        new("a token for another room", 401, "not-authenticated", "is for another room", s => s.Refresh(s.GuestToken, s.Other)),
        new("a token signed with another secret", 401, "not-authenticated", NotValid, s => s.Refresh(s.Token(s.Claims(), secret: new string('x', 40)))),
        new("a token that is not signed", 401, "not-authenticated", NotValid, s => s.Refresh(s.Token(s.Claims(), header: """{"alg":"none"}""").Split('.') is [var head, var body, _] ? $"{head}.{body}." : "")),
        new("a token signed by another method", 401, "not-authenticated", NotValid, s => s.Refresh(s.Token(s.Claims(), header: """{"alg":"HS512"}"""))),
        new("a token with another's claims", 401, "not-authenticated", NotValid, s => s.Refresh(s.GuestToken.Split('.') is [var head, _, var signature] ? $"{head}.{Jwt.Encode("{}")}.{signature}" : "")),
        new("a token that is encrypted", 401, "not-authenticated", NotValid, s => s.Refresh("e30.e30.e30.e30.e30")),
        new("a token of three dots", 401, "not-authenticated", NotValid, s => s.Refresh("...")),
        new("a token of nothing", 401, "not-authenticated", NotValid, s => s.Refresh(" ")),
        new("a token of nine kilobytes", 401, "not-authenticated", NotValid, s => s.Refresh(new string('a', 9000))),
        new("a token of somebody who was put out", 403, "revoked", "A host or moderator can let you in again", s => s.Refresh(s.OutcastToken)),
        new("a token of a time with more rights", 401, "not-authenticated", "The join token was revoked", s => s.Refresh(s.DemotedToken)),
        new("a token to join with", 401, "not-authenticated", "Authorization header of the form", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/join", "{}").Header($"Bearer {s.GuestToken}").Once()),
        new("a token to put somebody out with", 401, "not-authenticated", "Authorization header of the form", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("viewer")}/revoke").Header($"Bearer {s.GuestToken}").Once()),

        // Limits.
        new("one request too many", 429, "too-many-requests", "Too many requests with this key: ask again in", s => s.ListNarrowly().Often()),
        new("an idempotency key for another body", 409, "idempotency-key-reused", "use a new key for another room", s => s.Create("""{"name":"second"}""").With("Idempotency-Key", s.UsedKey).By(s.Host).Once()),
    ];
}
