using System.Globalization;
using System.Text;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Well signed requests whose body is not what it should be.</summary>
internal static class BadBodies
{
    private const string NotJson = "The body is not valid JSON";
    private const string NotUnicode = "not valid Unicode";

    public static readonly BadRequest[] Rows =
    [
        // What it is sent as.
        new("a body of plain text", 415, "unsupported-media-type", "application/json", s => s.Create().Type("text/plain").Once()),
        new("a body that looks like a form's", 415, "unsupported-media-type", "application/json", s => s.Create("locked=true").Type("application/x-www-form-urlencoded").Once()),
        new("a body of no type", 415, "unsupported-media-type", "application/json", s => s.Create().Type("").Once()),
        new("a type that is not one", 415, "unsupported-media-type", "application/json", s => s.Create().Type("application/json, text/plain").Once()),
        new("a compressed body", 415, "unsupported-media-type", "Content-Encoding", s => s.Create().With("Content-Encoding", "gzip").Once()),

        // What it is.
        new("a body cut short", 400, "bad-request", NotJson, s => s.Create("""{"name":""").Once()),
        new("two objects", 400, "bad-request", NotJson, s => s.Create("{}{}").Once()),
        new("a comment", 400, "bad-request", NotJson, s => s.Create("{/* mine */}").Once()),
        new("a comma too many", 400, "bad-request", NotJson, s => s.Create("""{"name":"x",}""").Once()),
        new("a field given twice", 400, "bad-request", "a field given twice", s => s.Create("""{"name":"x","name":"y"}""").Once()),
        new("UTF-16", 400, "bad-request", NotJson, s => s.Create().Body(Encoding.Unicode.GetBytes("{}")).Once()),
        new("a byte order mark", 400, "bad-request", NotJson, s => s.Create().Body([0xEF, 0xBB, 0xBF, .. "{}"u8]).Once()),
        new("bytes that are not UTF-8", 400, "bad-request", "not valid", s => s.Create().Body([.. "{\"name\":\""u8, 0xC0, 0x80, .. "\"}"u8]).Once()),
        new("half a character, as it is", 400, "bad-request", "not valid", s => s.Create().Body([.. "{\"name\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8]).Once()),
        new("half a character, escaped", 400, "bad-request", NotUnicode, s => s.Create("""{"name":"\ud800"}""").Once()),
        new("half a character in a field's name", 400, "bad-request", NotUnicode, s => s.Create("""{"\udc00":1}""").Once()),
        new("half a character in a list", 400, "bad-request", NotUnicode, s => s.Create("""{"regions":["\ud83d"]}""").Once()),
        new("half a character in a role", 400, "bad-request", NotUnicode, s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", """{"role":"\ud800"}""").Once()),
        new("half a character in a note", 400, "bad-request", NotUnicode, s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.ForApproval}/knock", """{"note":"\ud800"}""").Once()),
        new("a list", 400, "bad-request", "must be a JSON object", s => s.Create("[]").Once()),
        new("a text", 400, "bad-request", "must be a JSON object", s => s.Create("\"{}\"").Once()),
        new("null", 400, "bad-request", "must be a JSON object", s => s.Create("null").Once()),
        new("nested without end", 400, "bad-request", NotJson, s => s.Create(string.Concat(Enumerable.Repeat("{\"settings\":", 1000))).Once()),

        // How large it is.
        new("a body a byte too large", 413, "body-too-large", "16384 bytes", s => s.Create("{}" + new string(' ', (16 * 1024) - 1)).Once()),
        new("a body of half a megabyte", 413, "body-too-large", "16384 bytes", s => s.Create($$"""{"name":"{{new string('x', 512 * 1024)}}"}""").Once()),
        new("a body of three megabytes", 413, "body-too-large", "16384 bytes", s => s.Create(new string(' ', 3 << 20)).Raw()),
        new("a body said to be five gigabytes", 413, "body-too-large", "16384 bytes", s => s.Create().Raw(headers: "Content-Length: 5368709120\r\n", rest: "{")),
        new("a body in chunks without end", 413, "body-too-large", "16384 bytes", s => s.Create().Raw(
            headers: "Transfer-Encoding: chunked\r\n", rest: string.Concat(Enumerable.Repeat($"1000\r\n{new string(' ', 0x1000)}\r\n", 100)))),
        new("a chunk of no size", 400, "bad-request", "not valid HTTP", s => s.Create().Raw(headers: "Transfer-Encoding: chunked\r\n", rest: "zz\r\n{}\r\n0\r\n\r\n")),

        // What it says.
        new("a field that nobody knows", 400, "bad-request", "Unknown field 'colour'; known here: name, settings", s => s.Create("""{"colour":"red"}""").Once()),
        new("a setting that is misspelt", 400, "bad-request", "Unknown field 'settings.lock'; known here: requireApproval", s => s.Create("""{"settings":{"lock":true}}""").Once()),
        new("a field in another case", 400, "bad-request", "Unknown field 'Name'", s => s.Create("""{"Name":"x"}""").Once()),
        new("a field that is the operator's", 400, "bad-request", "Unknown field 'createdBy'", s => s.Create("""{"createdBy":"0123456789abcdef"}""").Once()),
        new("several faults at once", 400, "bad-request", "Unknown field 'b'", s => s.Create("""{"a":1,"b":2,"name":3}""").Once()),
        new("a field that is null", 400, "bad-request", "'name' is null: leave it out", s => s.Create("""{"name":null}""").Once()),
        new("a name that is a number", 400, "bad-request", "'name' must be a string", s => s.Create("""{"name":7}""").Once()),
        new("a switch in quotes", 400, "bad-request", "'settings.locked' must be true or false", s => s.Create("""{"settings":{"locked":"true"}}""").Once()),
        new("settings that are a list", 400, "bad-request", "'settings' must be an object", s => s.Create("""{"settings":[]}""").Once()),
        new("a number in quotes", 400, "bad-request", "'settings.maxParticipants' must be a whole number", s => s.Create("""{"settings":{"maxParticipants":"12"}}""").Once()),
        new("a number with a fraction", 400, "bad-request", "'settings.maxParticipants' must be a whole number", s => s.Create("""{"settings":{"maxParticipants":1.5}}""").Once()),
        new("a number beyond all bounds", 400, "bad-request", "'settings.maxParticipants' must be a whole number", s => s.Create("""{"settings":{"maxParticipants":1e400}}""").Once()),
        new("an empty name", 400, "bad-request", "name must be 1 to 256 characters", s => s.Create("""{"name":""}""").Once()),
        new("a name of 257 characters", 400, "bad-request", "name must be 1 to 256 characters", s => s.Create($$"""{"name":"{{new string('x', 257)}}"}""").Once()),
        new("a name with a zero", 400, "bad-request", "control characters", s => s.Create("""{"name":"a\u0000b"}""").Once()),
        new("a room for nobody", 400, "bad-request", "settings.maxParticipants must be from 1 to 1000", s => s.Create("""{"settings":{"maxParticipants":0}}""").Once()),
        new("a room for too many", 400, "bad-request", "settings.maxParticipants must be from 1 to 1000", s => s.Create("""{"settings":{"maxParticipants":1001}}""").Once()),
        new("more people expected than allowed", 400, "bad-request", "expectedParticipants must be from 1 to maxParticipants (5)", s => s.Create("""{"settings":{"maxParticipants":5},"expectedParticipants":6}""").Once()),
        new("no end-to-end encryption", 400, "bad-request", "e2eeRequired is always true", s => s.Create("""{"settings":{"e2eeRequired":false}}""").Once()),
        new("an end in the past", 400, "bad-request", "expiresAt must be in the future", s => s.Create("""{"expiresAt":1000}""").Once()),
        new("an end beyond the longest life", 400, "bad-request", "at most 168 hours from now", s => s.Create(Ends(TimeSpan.FromDays(8))).Once()),
        new("an end in seconds", 400, "bad-request", "in milliseconds since 1970", s => s.Create($$"""{"expiresAt":{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}}}""").Once()),
        new("an end after all time", 400, "bad-request", "expiresAt must be", s => s.Create("""{"expiresAt":9223372036854775807}""").Once()),
        new("a region that is no name", 400, "bad-request", "regions must be names such as", s => s.Create("""{"regions":["eu west"]}""").Once()),
        new("a region with a line end", 400, "bad-request", "regions must be names such as", s => s.Create("""{"regions":["eu-west-1\n"]}""").Once()),
        new("too many regions", 400, "bad-request", "at most 8 names", s => s.Create("""{"regions":["a","b","c","d","e","f","g","h","i"]}""").Once()),
        new("a change of nothing", 400, "bad-request", "asks for no change", s => s.Ask(s.Host, "PATCH", $"/v1/rooms/{s.Room}", "{}").Once()),
        new("a change to less than one", 400, "bad-request", "settings.maxParticipants must be from 1", s => s.Ask(s.Host, "PATCH", $"/v1/rooms/{s.Room}", """{"settings":{"maxParticipants":-1}}""").Once()),
        new("a join from a region that is no name", 400, "bad-request", "region must be a name such as", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.Room}/join", """{"region":"../eu"}""").Once()),
        new("a note that is a novel", 400, "bad-request", "longer than 1024 characters", s => s.Ask(s.Guest, "POST", $"/v1/rooms/{s.ForApproval}/knock", $$"""{"note":"{{new string('n', 1025)}}"}""").Once()),
        new("no role", 400, "bad-request", "Give role: host, moderator, participant or viewer", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", "{}").Once()),
        new("a role that does not exist", 400, "bad-request", "'role' must be one of host, moderator, participant, viewer", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", """{"role":"king"}""").Once()),
        new("a role by its number", 400, "bad-request", "'role' must be one of", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/role", """{"role":0}""").Once()),
        new("a source that does not exist", 400, "bad-request", "source must be one of camera, microphone", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/mute", """{"source":"MICROPHONE"}""").Once()),
        new("a track without a name", 400, "bad-request", "trackSid must be the sid of a track", s => s.Ask(s.Host, "POST", $"/v1/rooms/{s.Room}/participants/{s.IdOf("guest")}/mute", """{"trackSid":""}""").Once()),
    ];

    private static string Ends(TimeSpan after) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"expiresAt":{{(DateTimeOffset.UtcNow + after).ToUnixTimeMilliseconds()}}}""");
}
