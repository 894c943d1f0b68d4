using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Tells somebody, by HTTP, what each conference has used once it has ended: at least once, and again until it is taken. Whoever receives it
/// knows a message by its id, and that it is ours by its signature. Any thread.
/// </summary>
internal sealed partial class UsageWebhook(UsageWebhookSettings settings, TimeProvider time, ILogger<UsageWebhook> log) : IDisposable
{
    /// <summary>What has not been taken for so long after the end does not keep an object from being deleted any more.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private const string SignatureHeader = "X-BuildIt-Signature";

    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    // One that hangs must not hold up the rooms that live.
    private readonly SemaphoreSlim _turns = new(8);
    private readonly ConcurrentDictionary<ObjectKey, (int Times, DateTimeOffset Next)> _failures = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Whether somebody is still to be told of a room.</summary>
    public bool IsOwed(ConferenceRoom room) => settings.Url is not null && room.Status is { Phase: RoomPhase.Ended, Usage: { Final: true, Delivered: false } };

    /// <summary>Tells of a room.</summary>
    /// <returns>When to try again; null when it was taken.</returns>
    public async Task<TimeSpan?> SendAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(room);
        var now = time.GetUtcNow();
        if (_failures.TryGetValue(key, out var before) && before.Next > now)
        {
            return before.Next - now;
        }

        if (!await _turns.WaitAsync(TimeSpan.Zero, cancellation).ConfigureAwait(false))
        {
            return Busy;
        }

        try
        {
            using var request = RequestOf(room, now);
            using var answer = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode)
            {
                _failures.TryRemove(key, out _);
                return null;
            }

            return Failed(key, $"it answered {(int)answer.StatusCode}");
        }
        catch (Exception silent) when (silent is HttpRequestException || Stopping.IsTimeout(silent, cancellation))
        {
            return Failed(key, "it did not answer");
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Forget(ObjectKey room) => _failures.TryRemove(room, out _);

    public void Dispose()
    {
        _http.Dispose();
        _turns.Dispose();
    }

    /// <summary>What is sent. The signature is that of Stripe and others: over the time and the body, so that neither can be sent again as new.</summary>
    private HttpRequestMessage RequestOf(ConferenceRoom room, DateTimeOffset now)
    {
        var usage = room.Status!.Usage!;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new UsageMessage(
                room.Metadata.Uid, "usage", room.Metadata.NamespaceProperty, room.Metadata.Name, room.Spec.CreatedBy, room.Metadata.CreationTimestamp, room.Status.EndedAt,
                usage.ParticipantMinutes, usage.IngressBytes, usage.EgressBytes, usage.RelayBytes, usage.PeakParticipants, usage.Cost, usage.Currency),
            Json);
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{seconds}."), .. body];
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(settings.Secret, signed));
        var request = new HttpRequestMessage(HttpMethod.Post, settings.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(SignatureHeader, $"t={seconds},v1={signature}");
        return request;
    }

    private TimeSpan Failed(ObjectKey room, string why)
    {
        var times = _failures.GetValueOrDefault(room).Times + 1;
        var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(8, times - 1)));
        _failures[room] = (times, time.GetUtcNow() + pause);
        if (times == 1)
        {
            LogFailure(room, why);
        }

        return pause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The usage webhook did not take the use of {Room}: {Why}; it is tried again")]
    private partial void LogFailure(ObjectKey room, string why);

    private sealed record UsageMessage(
        string Id, string Event, string Namespace, string RoomId, string? CreatedBy, DateTime? CreatedAt, DateTime? EndedAt,
        double ParticipantMinutes, long IngressBytes, long EgressBytes, long RelayBytes, int PeakParticipants, double? Cost, string? Currency);
}
