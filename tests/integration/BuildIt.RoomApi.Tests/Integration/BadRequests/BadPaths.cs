namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Requests for what there is not, ids with odd characters, and bytes that are hardly HTTP.</summary>
internal static class BadPaths
{
    private const string NotHttp = "not valid HTTP";
    private const string NoRoom = "There is no room with this id";
    private const string NoParticipant = "There is no such participant";

    public static readonly BadRequest[] Rows =
    [
        // Paths and methods.
        new("a path that does not exist", 404, "not-found", "/openapi/v1.json", s => s.Ask(s.Host, "GET", "/v2/rooms").Once()),
        new("a path with a slash too many", 404, "not-found", "/openapi/v1.json", s => s.Ask(s.Host, "POST", "//v1/rooms", "{}").Once()),
        new("a method that the path does not know", 405, "method-not-allowed", "does not know PUT", s => s.Ask(s.Host, "PUT", $"/v1/rooms/{s.Room}", "{}").Once()),
        new("a method that nobody knows", 405, "method-not-allowed", "does not know BREW", s => s.Ask(s.Host, "BREW", "/v1/rooms").Once()),
        new("a path with a zero", 400, "bad-request", NotHttp, s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}%00").Once()),
        new("a path with a bare control character", 404, "not-found", "/openapi/v1.json", s => s.Create().Raw("POST /v1/rooms\u0001 HTTP/1.1")),
        new("a path that leads up", 404, "not-found", "/openapi/v1.json", s => s.Ask(s.Host, "GET", "/v1/rooms/../../etc/passwd").Once()),
        new("a whole URL of another host", 400, "bad-request", "request target must be a path", s => s.Create().Raw("POST http://evil.example.com/v1/rooms HTTP/1.1", host: "Host: evil.example.com\r\n")),
        new("a path of nine kilobytes", 414, "path-too-long", "8192 bytes", s => s.Create().Raw($"POST /v1/rooms?{new string('x', 9000)} HTTP/1.1")),

        // Ids.
        new("a room's id in upper case", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room.ToUpperInvariant()}").Once()),
        new("a room's id with a space", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}%20").Once()),
        new("a room's id with a line end", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}%0A").Once()),
        new("a room's id with an escaped slash", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}%2F").Once()),
        new("a room's id that leads up", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", "/v1/rooms/..%2F..%2Fapi").Once()),
        new("a room's id in digits of another script", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", $"/v1/rooms/{string.Concat(Enumerable.Repeat("%D9%A1", 32))}").Once()),
        new("a room's id that is a picture", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", "/v1/rooms/%F0%9F%8E%A5").Once()),
        new("a room's id that is not UTF-8", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", "/v1/rooms/%C0%80").Once()),
        new("a room's id with a stray percent sign", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", "/v1/rooms/%zz").Once()),
        new("a room's id that is too short", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", $"/v1/rooms/{s.Room[..31]}").Once()),
        new("a room's id of a kilobyte", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "GET", $"/v1/rooms/{new string('a', 1024)}").Once()),
        new("a room's id that was never given out", 404, "room-not-found", NoRoom, s => s.Ask(s.Host, "POST", $"/v1/rooms/{new string('0', 32)}/join", "{}").Once()),
        new("a participant's id that is too short", 404, "participant-not-found", NoParticipant, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/abc/revoke").Once()),
        new("a participant's id in another spelling", 404, "participant-not-found", NoParticipant, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")[..21]}R/revoke").Once()),
        new("a participant's id in plain base64", 404, "participant-not-found", NoParticipant, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/%2B%2B{s.IdOf("guest")[2..]}/revoke").Once()),
        new("a participant's id with a line end", 404, "participant-not-found", NoParticipant, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}%0A/revoke").Once()),
        new("a participant's id in other letters", 404, "participant-not-found", NoParticipant, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{string.Concat(Enumerable.Repeat("%D0%B0", 22))}/revoke").Once()),

        // Queries.
        new("a page of no rooms", 400, "bad-request", "limit must be a whole number from 1 to 200", s => s.Ask(s.Host, "GET", "/v1/rooms?limit=0").Once()),
        new("a page of too many", 400, "bad-request", "limit must be a whole number from 1 to 200", s => s.Ask(s.Host, "GET", "/v1/rooms?limit=201").Once()),
        new("a page of words", 400, "bad-request", "limit must be a whole number", s => s.Ask(s.Host, "GET", "/v1/rooms?limit=ten").Once()),
        new("a page of two sizes", 400, "bad-request", "limit must be a whole number", s => s.Ask(s.Host, "GET", "/v1/rooms?limit=1&limit=2").Once()),
        new("a list continued from nowhere", 400, "bad-request", "continue must be the value that the page before gave", s => s.Ask(s.Host, "GET", "/v1/rooms?continue=nowhere").Once()),

        // Headers.
        new("an empty idempotency key", 400, "bad-request", "1 to 128 visible ASCII characters", s => s.Create().Raw(headers: "Idempotency-Key: \r\n")),
        new("two idempotency keys", 400, "bad-request", "must be given once", s => s.Create().Raw(headers: "Idempotency-Key: a\r\nIdempotency-Key: b\r\n")),
        new("an idempotency key with a space", 400, "bad-request", "visible ASCII characters", s => s.Create().With("Idempotency-Key", "a b").Once()),
        new("an idempotency key of 129 characters", 400, "bad-request", "1 to 128", s => s.Create().With("Idempotency-Key", new string('k', 129)).Once()),
        new("an idempotency key that is not ASCII", 400, "bad-request", "visible ASCII characters", s => s.Create().Raw(headers: "Idempotency-Key: k\u00c3\u00a9y\r\n")),
        new("a header that is not UTF-8", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "Idempotency-Key: k\u00e9y\r\n")),
        new("a header with a zero", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "X-Odd: a\0b\r\n")),
        new("a header without a name", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: ": nameless\r\n")),
        new("a header without a colon", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "nonsense\r\n")),
        new("a header's name with a space", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "X Odd: 1\r\n")),
        new("headers of seventeen kilobytes", 431, "headers-too-large", "16384 bytes", s => s.Create().Raw(headers: $"X-Long: {new string('x', 17 * 1024)}\r\n")),
        new("hundreds of headers", 431, "headers-too-large", "100 headers", s => s.Create().Raw(headers: string.Concat(Enumerable.Range(0, 300).Select(i => $"X-{i}: 1\r\n")))),
        new("two lengths that differ", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "Content-Length: 3\r\n")),
        new("a length that is no number", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "Content-Length: two\r\n", rest: "{}")),
        new("a transfer coding that nobody knows", 400, "bad-request", NotHttp, s => s.Create().Raw(headers: "Transfer-Encoding: gzip\r\n", rest: "{}")),
        new("no host", 400, "bad-request", NotHttp, s => s.Create().Raw(host: "")),
        new("two hosts", 400, "bad-request", NotHttp, s => s.Create().Raw(host: "Host: api.example.com\r\nHost: evil.example.com\r\n")),
        new("a version of HTTP that does not exist", 505, "bad-request", NotHttp, s => s.Create().Raw("POST /v1/rooms HTTP/9.9")),
        new("no HTTP at all", 400, "bad-request", NotHttp, s => s.Create().Raw("hello")),
    ];
}
