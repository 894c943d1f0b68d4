using System.Net;
using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.RoomApi.Tokens;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Role = BuildIt.RoomApi.Tokens.Role;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>
/// What bad requests meet: rooms in every state with people of every role, so that only what is wrong with the request can be
/// the reason why nothing happens.
/// </summary>
public sealed class Stage(RoomApiFixture api) : IAsyncLifetime
{
    private readonly Dictionary<string, string> _ids = [];
    private Replica _narrow = null!;

    public NostrSigner Host { get; } = new();

    public NostrSigner Moderator { get; } = new();

    public NostrSigner Guest { get; } = new();

    public NostrSigner Viewer { get; } = new();

    /// <summary>Was put out of <see cref="Room"/>.</summary>
    public NostrSigner Outcast { get; } = new();

    /// <summary>Was in <see cref="Room"/> with a higher role, and holds a token of that time.</summary>
    public NostrSigner Demoted { get; } = new();

    public NostrSigner Stranger { get; } = new();

    /// <summary>Ready; everybody but the stranger is known in it.</summary>
    public string Room { get; private set; } = "";

    /// <summary>Ready; nobody but its host is known in it.</summary>
    public string Other { get; private set; } = "";

    public string Locked { get; private set; } = "";

    public string ForApproval { get; private set; } = "";

    /// <summary>Its time is over; the operator has not noticed.</summary>
    public string Expired { get; private set; } = "";

    public string Ended { get; private set; } = "";

    public string Deleted { get; private set; } = "";

    /// <summary>Has no place.</summary>
    public string Waiting { get; private set; } = "";

    /// <summary>A token of the guest for <see cref="Room"/>.</summary>
    public string GuestToken { get; private set; } = "";

    public string OutcastToken { get; private set; } = "";

    public string DemotedToken { get; private set; } = "";

    /// <summary>Names the log of <see cref="Room"/>, whose epoch 0 the host has ended.</summary>
    public string Incarnation { get; private set; } = "";

    /// <summary>An idempotency key with which the host has created a room.</summary>
    public string UsedKey { get; } = Guid.NewGuid().ToString();

    public async Task InitializeAsync()
    {
        Room = await api.CreateRoomAsync(Host);
        Other = await api.CreateRoomAsync(Host);
        Locked = await api.CreateRoomAsync(Host, new { settings = new { locked = true } });
        ForApproval = await api.CreateRoomAsync(Host, new { settings = new { requireApproval = true } });
        Expired = await api.CreateRoomAsync(Host);
        Ended = await api.CreateRoomAsync(Host);
        Deleted = await api.CreateRoomAsync(Host);
        Waiting = (await api.A.PostAsync(Host, "/v1/rooms", new { name = StandInOperator.Nowhere })).Expect(HttpStatusCode.Accepted).Text("roomId");
        GuestToken = await JoinAsync("guest", Guest);
        await JoinAsync("moderator", Moderator);
        await JoinAsync("viewer", Viewer);
        await JoinAsync("host", Host);
        OutcastToken = await JoinAsync("outcast", Outcast);
        await DecideAsync("demoted", Demoted, "role", new { role = "moderator" });
        DemotedToken = await JoinAsync("demoted", Demoted);
        await DecideAsync("moderator", Moderator, "role", new { role = "moderator" });
        await DecideAsync("viewer", Viewer, "role", new { role = "viewer" });
        await DecideAsync("demoted", Demoted, "role", new { role = "viewer" });
        await DecideAsync("outcast", Outcast, "revoke", null);
        (await api.A.SendAsync(Host, "DELETE", $"/v1/rooms/{Deleted}")).Expect(HttpStatusCode.NoContent);
        await RoomApiFixture.EventuallyAsync(async () => await api.FindAsync(Deleted) is null);
        await ExpireAsync();
        await api.EndAsync(Ended);
        _narrow = await api.StartReplicaAsync(settings => settings with { KeyLimit = 2 });
        var log = new Commits.CommitRoom(api, Room);
        Incarnation = await log.IncarnationAsync(Host);
        (await log.PostAsync(Host, Incarnation, 0, [1])).Expect(HttpStatusCode.Created);
        (await api.A.SendAsync(Host, "POST", "/v1/rooms", new { name = "first" }, request => request.Headers.Add("Idempotency-Key", UsedKey))).Expect(HttpStatusCode.Created);
    }

    public async Task DisposeAsync() => await _narrow.DisposeAsync();

    internal Attempt Create(string? body = "{}") => new(api.A, Stranger, "POST", "/v1/rooms", body);

    /// <summary>Lists rooms, at a replica whose limits are low, by somebody who has asked nothing yet.</summary>
    internal Attempt ListNarrowly() => new(_narrow, new NostrSigner(), "GET", "/v1/rooms");

    internal Attempt Ask(NostrSigner who, string method, string path, string? body = null) => new(api.A, who, method, path, body);

    /// <summary>Asks for a new token by showing one.</summary>
    internal Func<Task<ApiAnswer>> Refresh(string token, string? room = null) => () =>
        api.A.SendAsync($"Bearer {token}", "POST", $"/v1/rooms/{room ?? Room}/refresh", []);

    internal Replica OtherReplica => api.B;

    internal string IdOf(string name) => _ids[name];

    /// <summary>A token with any claims, well signed unless another secret is given.</summary>
    internal string Token(object claims, string secret = RoomApiFixture.Secret, string header = """{"alg":"HS256","typ":"JWT"}""") =>
        Jwt.Make(header, JsonSerializer.Serialize(claims), secret);

    /// <summary>The claims of a good join token, to be spoiled.</summary>
    internal Dictionary<string, object?> Claims() => new()
    {
        ["iss"] = RoomApiFixture.Key.Name,
        ["sub"] = IdOf("guest"),
        ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["nbf"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        ["exp"] = DateTimeOffset.UtcNow.AddMinutes(30).ToUnixTimeSeconds(),
        ["video"] = new { roomJoin = true, room = Room },
    };

    /// <summary>The claims, with one of them changed; null leaves it out.</summary>
    internal string Spoiled(string claim, object? value)
    {
        var claims = Claims();
        _ = value is null ? claims.Remove(claim) : claims.TryAdd(claim, value) || (claims[claim] = value) is not null;
        return Token(claims);
    }

    /// <summary>A join token that was right once.</summary>
    internal string ExpiredToken()
    {
        var then = new FakeTimeProvider(DateTimeOffset.UtcNow - JoinTokens.Lifetime - TimeSpan.FromSeconds(1));
        var room = new ConferenceRoom { Metadata = { Name = Room } };
        Assert.True(ParticipantId.TryParse(IdOf("guest"), out var guest));
        return new JoinTokens([RoomApiFixture.Key], RoomApiFixture.Key, then).Issue(room, guest, new Decision(Role.Participant)).Text;
    }

    /// <summary>Everything that was decided, in one text: what rooms there are, what they are to be, and who is what in them.</summary>
    internal async Task<string> PictureAsync() => string.Join('\n', (await api.RoomsAsync()).OrderBy(room => room.Metadata.Name, StringComparer.Ordinal).Select(room =>
        $"{room.Metadata.Name} {room.Metadata.DeletionTimestamp} {JsonSerializer.Serialize(room.Spec, ApiJson.Options)} "
        + string.Join(',', (room.Metadata.Annotations ?? new Dictionary<string, string>()).OrderBy(entry => entry.Key, StringComparer.Ordinal))));

    private async Task<string> JoinAsync(string name, NostrSigner who)
    {
        var joined = (await api.A.PostAsync(who, $"/v1/rooms/{Room}/join")).Expect(HttpStatusCode.OK);
        _ids[name] = joined.Text("participantId");
        return joined.Text("joinToken");
    }

    private async Task DecideAsync(string name, NostrSigner who, string what, object? body)
    {
        _ids[name] = api.Names.Participant(Room, who.PublicKey).Text;
        (await api.A.PostAsync(Host, $"/v1/rooms/{Room}/participants/{_ids[name]}/{what}", body)).Expect(HttpStatusCode.OK);
    }

    private Task ExpireAsync() => api.Kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync<ConferenceRoom>(
        new V1Patch("""{"spec":{"expiresAt":"2026-01-01T00:00:00Z"}}""", V1Patch.PatchType.MergePatch),
        SfuApi.Group, SfuApi.Version, api.Namespace, ConferenceRoom.Plural, Expired);
}
