namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Messages that a room's log does not take.</summary>
internal static class BadCommits
{
    public static readonly BadRequest[] Rows =
    [
        new("a commit for nothing", 400, "bad-request", "incarnation must be", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/mls/commits", "{}").Once()),
        new("a commit without a commit", 400, "bad-request", "commit must have 1 to 131072 bytes", s => Post(s, 1, commit: "").Once()),
        new("a commit that is not base64", 400, "bad-request", "'commit' must be bytes in base64", s => Post(s, 1, commit: "a-b_").Once()),
        new("a commit before all epochs", 400, "bad-request", "epoch must be from 0", s => Post(s, -1).Once()),
        new("a commit after all epochs", 400, "bad-request", "epoch must be from 0 to 9007199254740991", s => Post(s, 1L << 53).Once()),
        new("a commit of an epoch and a half", 400, "bad-request", "'epoch' must be a whole number", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/mls/commits", """{"epoch":1.5}""").Once()),
        new("an epoch with two commits", 409, "mls-epoch-taken", "Another member was first", s => Post(s, 0).Once()),
        new("a commit for an epoch to come", 409, "mls-epoch-ahead", "has not begun", s => Post(s, 7).Once()),
        new("a commit for another log", 409, "mls-log-restarted", "started anew", s => Post(s, 0, incarnation: new string('0', 32)).Once()),
        new("group info for an epoch that is over", 410, "mls-epoch-passed", "join anew", s => s.Ask(
            s.Guest, "PUT", $"/v1/rooms/{s.Room}/mls/group-info", $$"""{"incarnation":"{{s.Incarnation}}","epoch":0,"groupInfo":"AAAA"}""").Once()),
        new("group info of nothing", 400, "bad-request", "groupInfo must have 1 to 524288 bytes", s => s.Ask(
            s.Guest, "PUT", $"/v1/rooms/{s.Room}/mls/group-info", $$"""{"incarnation":"{{s.Incarnation}}","epoch":1}""").Once()),
        new("group info that nobody gave", 404, "mls-no-group-info", "Nobody has given", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}/mls/group-info").Once()),
        new("a guest who starts the log anew", 403, "role-too-low", "Only a host or moderator", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/mls/restart", $$"""{"incarnation":"{{s.Incarnation}}"}""").Once()),
        new("a commit of somebody who was put out", 403, "revoked", "You were removed", s => Post(s, 1).By(s.Outcast).Once()),
        new("a commit for a room that is over", 410, "room-ended", "create a new one", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Ended}/mls/commits", "{}").Once()),
    ];

    private static Attempt Post(Stage stage, long epoch, string commit = "AAAA", string? incarnation = null) => stage.Ask(
        stage.Guest, "POST", $"/v1/rooms/{stage.Room}/mls/commits", $$"""{"incarnation":"{{incarnation ?? stage.Incarnation}}","epoch":{{epoch}},"commit":"{{commit}}"}""");
}
