using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>Asks the room-api to create rooms, in the name of the fleet: nodes have no rights in the cluster themselves. Thread-safe.</summary>
public sealed partial class RoomApiClient(NodeSettings settings, TokenSigner tokens, TimeProvider time, ILogger<RoomApiClient> logger) : IDisposable
{
    private const int MaxAnswer = 16 * 1024;
    private const string Failed = "the room could not be created: ";

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswer,
    };

    public void Dispose() => _http.Dispose();

    /// <summary>Has a room created. Null when it exists and is placed, else what to answer.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> came first.</exception>
    public async Task<RoomLocation?> CreateAsync(RoomCreation creation, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.RoomApi!, RoomCreation.Path))
            {
                Content = new ByteArrayContent(ContractJson.Write(creation, ContractJson.Default.RoomCreation)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token(creation.Room));
            if (OwnSpans.Current?.Id is { } parent)
            {
                request.Headers.Add("traceparent", parent);
            }

            using var response = await _http.SendAsync(request, cancellation);
            return response.IsSuccessStatusCode ? null : Refusal(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            LogAway(e.GetType().Name);
            return new RoomLocation.NotCreated(Failed + "the room API does not answer, ask again", Again: true);
        }
    }

    private RoomLocation Refusal(HttpStatusCode status, byte[] body)
    {
        switch (status)
        {
            case HttpStatusCode.Gone:
                return new RoomLocation.NotFound();
            case HttpStatusCode.BadRequest:
                return new RoomLocation.NotCreated(Failed + DetailOf(body), Again: false);
            case HttpStatusCode.ServiceUnavailable:
                return new RoomLocation.NotCreated(Failed + DetailOf(body), Again: true);
            default:
                LogRefused((int)status);
                return new RoomLocation.NotCreated(Failed + "the room API refused this node", Again: true);
        }
    }

    private string Token(RoomId room) => tokens.Sign(
        new AccessClaims { Identity = settings.Node.ToString(), Video = new VideoGrant { RoomCreate = true, Room = room.Value } },
        time.GetUtcNow(),
        RoomCreation.TokenLifetime);

    private static string DetailOf(byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 } text ? text : "no reason was given";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "no reason was given";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The room API does not answer: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The room API refused to create a room with status {Status}: it and the fleet must have the same API keys")]
    private partial void LogRefused(int status);
}
