using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Webhooks;

/// <summary>
/// Posts what happens in rooms to the application: signed, retried, in order for each room and receiver. A receiver that is down
/// costs bounded memory; what it missed is counted in the next event it gets. Thread-safe.
/// </summary>
public sealed partial class WebhookSender : BackgroundService, IRoomObserver
{
    private readonly Lane[] _lanes;
    private readonly HttpClient _http;
    private readonly TokenSigner _tokens;
    private readonly ApiKeys _keys;
    private readonly ISidSource _sids;
    private readonly TimeProvider _time;
    private readonly WebhookOptions _options;
    private readonly ILogger<WebhookSender> _log;
    private long _faults;

    public WebhookSender(
        IReadOnlyList<Uri> receivers,
        ApiKeys keys,
        HttpClient http,
        TimeProvider time,
        ILogger<WebhookSender> log,
        WebhookOptions? options = null,
        ISidSource? sids = null)
    {
        _options = options ?? new WebhookOptions();
        _http = http;
        _keys = keys;
        _tokens = new TokenSigner(keys);
        _time = time;
        _log = log;
        _sids = sids ?? new RandomSids();
        _lanes = [.. receivers.SelectMany(r => Enumerable.Range(0, _options.Lanes).Select(i => new Lane(r, i, _options.QueueLength)))];
    }

    /// <summary>Events that could not be sent for a fault of ours.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    public void OnEvent(RoomEvent happened)
    {
        if (_lanes.Length == 0)
        {
            return;
        }

        var stamped = WebhookEvents.Of(happened);
        stamped.Id = _sids.Next("EV_");
        stamped.CreatedAt = _time.GetUtcNow().ToUnixTimeSeconds();
        var index = (int)((uint)string.GetHashCode(happened.Room.Name, StringComparison.Ordinal) % (uint)_options.Lanes);
        foreach (var lane in _lanes.Where(l => l.Index == index))
        {
            if (!lane.Queue.Writer.TryWrite(stamped))
            {
                Interlocked.Increment(ref lane.Dropped);
                LogDropped(_log, stamped.Event);
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_lanes.Select(lane => RunAsync(lane, stoppingToken)));

    private async Task RunAsync(Lane lane, CancellationToken stopping)
    {
        await foreach (var next in lane.Queue.Reader.ReadAllAsync(stopping).ConfigureAwait(false))
        {
            try
            {
                await DeliverNextAsync(lane, next, stopping).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // One event that cannot be sent must not keep all later ones.
                Interlocked.Increment(ref lane.Dropped);
                Interlocked.Increment(ref _faults);
                LogFault(_log, next.Event, error);
            }
        }
    }

    private async Task DeliverNextAsync(Lane lane, WebhookEvent next, CancellationToken stopping)
    {
        var message = next;
        var dropped = Interlocked.Exchange(ref lane.Dropped, 0);
        if (dropped > 0)
        {
            // Shared between receivers, each of which may have missed another number.
            message = next.Clone();
            message.NumDropped = dropped;
        }

        if (!await DeliverAsync(lane.Receiver, message, stopping).ConfigureAwait(false))
        {
            Interlocked.Add(ref lane.Dropped, dropped + 1);
            LogGivenUp(_log, message.Event, _options.Attempts);
        }
    }

    private async Task<bool> DeliverAsync(Uri receiver, WebhookEvent message, CancellationToken stopping)
    {
        var body = Encoding.UTF8.GetBytes(WireCodec.Format(message));
        var pause = _options.FirstBackoff;
        for (var attempt = 1; ; attempt++)
        {
            if (await TryPostAsync(receiver, body, stopping).ConfigureAwait(false) is { } final)
            {
                return final;
            }

            if (attempt == _options.Attempts)
            {
                return false;
            }

            await Task.Delay(pause, _time, stopping).ConfigureAwait(false);
            pause = pause * 2 < _options.MaxBackoff ? pause * 2 : _options.MaxBackoff;
        }
    }

    /// <returns>True when delivered, false when repeating would not help, null to try again.</returns>
    private async Task<bool?> TryPostAsync(Uri receiver, byte[] body, CancellationToken stopping)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, receiver) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/webhook+json");
        var claims = new AccessClaims { Issuer = _keys.SigningKey, Sha256 = Convert.ToBase64String(SHA256.HashData(body)) };

        // The receivers of the SDKs expect the bare token, without a scheme.
        request.Headers.TryAddWithoutValidation("Authorization", _tokens.Sign(claims, _time.GetUtcNow(), _options.TokenLifetime));
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? true
                : (int)response.StatusCode is >= 400 and < 500 and not (408 or 429) ? false
                : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Webhook {Event} could not be sent; the next one is")]
    private static partial void LogFault(ILogger log, string @event, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Event} dropped: its receiver is too slow")]
    private static partial void LogDropped(ILogger log, string @event);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Event} given up after at most {Attempts} tries")]
    private static partial void LogGivenUp(ILogger log, string @event, int attempts);

    private sealed class Lane(Uri receiver, int index, int length)
    {
        public int Dropped;

        public Uri Receiver { get; } = receiver;

        public int Index { get; } = index;

        public Channel<WebhookEvent> Queue { get; } = Channel.CreateBounded<WebhookEvent>(length);
    }
}

/// <summary>How webhooks are delivered.</summary>
public sealed record WebhookOptions
{
    /// <summary>Events waiting in one lane; when it is full new ones are dropped and counted.</summary>
    public int QueueLength { get; init; } = 100;

    /// <summary>Lanes per receiver. The events of one room share a lane, so that they stay in order.</summary>
    public int Lanes { get; init; } = 8;

    /// <summary>Tries per event.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>Pause before the second try; it doubles up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Validity of the token that vouches for an event.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
