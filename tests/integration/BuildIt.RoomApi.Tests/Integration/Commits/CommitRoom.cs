using System.Net;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

/// <summary>A room's log, as a test asks for it.</summary>
internal sealed class CommitRoom(RoomApiFixture api, string id)
{
    public string Id => id;

    public string Path => $"/v1/rooms/{id}/mls";

    public static async Task<CommitRoom> CreateAsync(RoomApiFixture api, NostrSigner host, object? body = null) =>
        new(api, await api.CreateRoomAsync(host, body));

    public async Task<string> IncarnationAsync(NostrSigner who) => (await ListAsync(who)).Expect(HttpStatusCode.OK).Text("incarnation");

    public Task<ApiAnswer> ListAsync(NostrSigner who, string query = "", Replica? through = null) =>
        (through ?? api.A).GetAsync(who, $"{Path}/commits{query}");

    public Task<ApiAnswer> PostAsync(NostrSigner who, string incarnation, long epoch, byte[] commit, byte[]? groupInfo = null, Replica? through = null) =>
        (through ?? api.A).PostAsync(who, $"{Path}/commits", Body(incarnation, epoch, commit, groupInfo));

    public async Task<string> TokenAsync(NostrSigner who) => (await api.A.PostAsync(who, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK).Text("joinToken");

    /// <summary>Sends a request with a join token.</summary>
    public Task<ApiAnswer> ByTokenAsync(string token, string method, string path, object? body = null, Replica? through = null) => (through ?? api.A).SendAsync(
        $"Bearer {token}", method, Path + path, body is null ? [] : System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, System.Text.Json.JsonSerializerOptions.Web));

    public static Dictionary<string, object> Body(string incarnation, long epoch, byte[] commit, byte[]? groupInfo = null)
    {
        var body = new Dictionary<string, object> { ["incarnation"] = incarnation, ["epoch"] = epoch, ["commit"] = commit };
        if (groupInfo is not null)
        {
            body["groupInfo"] = groupInfo;
        }

        return body;
    }
}
