using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Moderation;

/// <summary>How a node answered.</summary>
public enum NodeAnswer
{
    Done,

    /// <summary>The room or the participant is not there.</summary>
    NotThere,

    /// <summary>It did not answer, not in time, or with an error: it may have carried the call out, or may yet.</summary>
    Unknown,
}

/// <summary>Calls the server API of SFU nodes (LiveKit's RoomService over Twirp, in JSON) with a token for the one room. Thread-safe.</summary>
public sealed partial class NodeClient(HttpClient http, JoinTokens tokens, ILogger<NodeClient> logger)
{
    /// <summary>A participant has to be out within two seconds; a node that takes longer than this is asked again.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(1500);

    private const int MaxAnswer = 1 << 20;

    public async Task<NodeAnswer> RemoveAsync(string endpoint, string room, ParticipantId participant, CancellationToken cancellation) =>
        (await CallAsync(endpoint, "RemoveParticipant", room, new JsonObject { ["room"] = room, ["identity"] = participant.Text }, cancellation)).Answer;

    /// <summary>Gives a connected participant the permissions and attributes of a role.</summary>
    public async Task<NodeAnswer> UpdateAsync(
        string endpoint, string room, ParticipantId participant, Role role, Permissions permissions, CancellationToken cancellation)
    {
        var attributes = new JsonObject();
        foreach (var (name, value) in ParticipantAttributes.Of(role, permissions))
        {
            attributes[name] = value;
        }

        var permission = new JsonObject
        {
            ["canSubscribe"] = permissions.Subscribe,
            ["canPublish"] = permissions.Publish,
            ["canPublishData"] = permissions.Publish,
            ["canUpdateMetadata"] = false,
            ["canPublishSources"] = new JsonArray([.. permissions.PublishSources.Select(source => (JsonNode)source.ToUpperInvariant())]),
        };
        return (await CallAsync(
            endpoint,
            "UpdateParticipant",
            room,
            new JsonObject { ["room"] = room, ["identity"] = participant.Text, ["permission"] = permission, ["attributes"] = attributes },
            cancellation)).Answer;
    }

    /// <summary>Sids of the tracks that a participant publishes, with their sources in LiveKit's upper case.</summary>
    public async Task<(NodeAnswer Answer, IReadOnlyList<(string Sid, string Source)> Tracks)> TracksAsync(
        string endpoint, string room, ParticipantId participant, CancellationToken cancellation)
    {
        var (answer, body) = await CallAsync(
            endpoint, "GetParticipant", room, new JsonObject { ["room"] = room, ["identity"] = participant.Text }, cancellation);
        if (answer != NodeAnswer.Done || body is not { ValueKind: JsonValueKind.Object } info || !info.TryGetProperty("tracks", out var tracks)
            || tracks.ValueKind != JsonValueKind.Array)
        {
            return (answer, []);
        }

        return (answer, [.. tracks.EnumerateArray().Select(track => (Text(track, "sid"), Text(track, "source"))).Where(track => track.Item1.Length > 0)]);
    }

    public async Task<NodeAnswer> MuteAsync(string endpoint, string room, ParticipantId participant, string trackSid, CancellationToken cancellation) =>
        (await CallAsync(
            endpoint,
            "MutePublishedTrack",
            room,
            new JsonObject { ["room"] = room, ["identity"] = participant.Text, ["trackSid"] = trackSid, ["muted"] = true },
            cancellation)).Answer;

    private async Task<(NodeAnswer Answer, JsonElement? Body)> CallAsync(
        string endpoint, string method, string room, JsonObject body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{endpoint.TrimEnd('/')}/twirp/livekit.RoomService/{method}")
            {
                Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/json")),
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.IssueAdmin(room));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return (NodeAnswer.NotThere, null);
            }

            if (!response.IsSuccessStatusCode || response.Content.Headers.ContentLength > MaxAnswer)
            {
                LogFailed(method, $"status {(int)response.StatusCode}");
                return (NodeAnswer.Unknown, null);
            }

            using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(limit.Token), default, limit.Token);
            return (NodeAnswer.Done, document.RootElement.Clone());
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or UriFormatException or IOException
            || Stopping.IsTimeout(e, cancellation))
        {
            LogFailed(method, e.GetType().Name);
            return (NodeAnswer.Unknown, null);
        }
    }

    private static string Text(JsonElement track, string name) =>
        track.ValueKind == JsonValueKind.Object && track.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : string.Empty;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether a node carried out {Method} is not known: {Reason}")]
    private partial void LogFailed(string method, string reason);
}
