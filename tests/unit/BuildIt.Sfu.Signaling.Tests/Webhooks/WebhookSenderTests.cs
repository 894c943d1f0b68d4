using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Signaling.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Sfu.Signaling.Tests.Webhooks;

public class WebhookSenderTests
{
    private static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");
    private static readonly WebhookOptions Fast = new() { FirstBackoff = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(20) };

    [Fact]
    public async Task Events_arrive_signed_and_in_order_despite_failures()
    {
        // Requests of two lanes come at once, and a generator that two use at once gives nothing but zeros from then on.
        var random = new Random(3);
        await using var receiver = await Receiver.StartAsync(_ =>
        {
            lock (random)
            {
                return random.Next(3) == 0 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK;
            }
        });
        using var sender = await StartAsync(receiver);
        for (var i = 0; i < 40; i++)
        {
            sender.OnEvent(new RoomEvent.ParticipantJoined(RoomOf(i % 2 == 0 ? "even" : "odd"), new ParticipantInfo { Identity = $"e{i}" }));
        }

        await receiver.WaitForAsync(40);
        await sender.StopAsync(CancellationToken.None);
        foreach (var room in new[] { "even", "odd" })
        {
            var numbers = receiver.Accepted.Select(a => a.Event).Where(e => e.Room.Name == room).Select(e => int.Parse(e.Participant.Identity[1..], null)).ToList();
            Assert.Equal(20, numbers.Count);
            Assert.Equal(numbers.Order(), numbers);
        }

        var (message, body, authorization, contentType) = receiver.Accepted.First();
        Assert.Equal("application/webhook+json", contentType);
        Assert.Equal(TokenError.None, new TokenVerifier(Keys).Verify(authorization, DateTimeOffset.UtcNow, out var claims));
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(body)), claims.Sha256);
        Assert.StartsWith("EV_", message.Id, StringComparison.Ordinal);
        Assert.NotEqual(0, message.CreatedAt);
        Assert.Equal(40, receiver.Accepted.Select(a => a.Event.Id).Distinct().Count());
    }

    [Fact]
    public async Task What_could_not_be_delivered_is_counted()
    {
        var refuse = true;
        await using var receiver = await Receiver.StartAsync(_ => refuse ? HttpStatusCode.BadRequest : HttpStatusCode.OK);
        using var sender = await StartAsync(receiver);
        for (var i = 0; i < 3; i++)
        {
            sender.OnEvent(new RoomEvent.Started(RoomOf("r")));
        }

        await receiver.WaitForRequestsAsync(3);
        refuse = false;
        sender.OnEvent(new RoomEvent.Finished(RoomOf("r"), RoomEndReason.RoomEndApiDelete));
        await receiver.WaitForAsync(1);
        Assert.Equal(("room_finished", 3), (receiver.Accepted.Single().Event.Event, receiver.Accepted.Single().Event.NumDropped));
        await sender.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_receiver_that_hangs_costs_bounded_memory()
    {
        var release = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync(_ => HttpStatusCode.OK, release.Task);
        using var sender = await StartAsync(receiver, Fast with { QueueLength = 10 });
        for (var i = 0; i < 1000; i++)
        {
            sender.OnEvent(new RoomEvent.Started(RoomOf("r")));
        }

        release.SetResult();
        await receiver.WaitForAsync(10);
        await sender.StopAsync(CancellationToken.None);
        Assert.InRange(receiver.Accepted.Count, 10, 12);
        Assert.InRange(receiver.Accepted.Sum(a => a.Event.NumDropped), 900, 990);
    }

    private static Signaling.Protocol.Room RoomOf(string name) => new() { Name = name };

    private static async Task<WebhookSender> StartAsync(Receiver receiver, WebhookOptions? options = null)
    {
        var sender = new WebhookSender([receiver.Address], Keys, new HttpClient(), TimeProvider.System, NullLogger<WebhookSender>.Instance, options ?? Fast);
        await sender.StartAsync(CancellationToken.None);
        return sender;
    }

    private sealed class Receiver(WebApplication app) : IAsyncDisposable
    {
        private readonly SemaphoreSlim _accepted = new(0);
        private readonly SemaphoreSlim _requests = new(0);

        public ConcurrentQueue<(WebhookEvent Event, byte[] Body, string Authorization, string ContentType)> Accepted { get; } = new();

        public Uri Address => new(app.Urls.First() + "/hook");

        public static async Task<Receiver> StartAsync(Func<HttpContext, HttpStatusCode> answer, Task? hold = null)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var receiver = new Receiver(app);
            app.MapPost("/hook", context => receiver.HandleAsync(context, answer, hold));
            await app.StartAsync();
            return receiver;
        }

        public Task WaitForAsync(int count) => WaitAsync(_accepted, count);

        public Task WaitForRequestsAsync(int count) => WaitAsync(_requests, count);

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private static async Task WaitAsync(SemaphoreSlim semaphore, int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(await semaphore.WaitAsync(TimeSpan.FromSeconds(20)), $"only {i} of {count} came");
            }
        }

        private async Task HandleAsync(HttpContext context, Func<HttpContext, HttpStatusCode> answer, Task? hold)
        {
            await (hold ?? Task.CompletedTask);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var status = answer(context);
            if (status == HttpStatusCode.OK)
            {
                var bytes = body.ToArray();
                Assert.True(WireCodec.TryParseJson<WebhookEvent>(Encoding.UTF8.GetString(bytes), out var message));
                Accepted.Enqueue((message, bytes, context.Request.Headers.Authorization.ToString(), context.Request.ContentType!));
                _accepted.Release();
            }

            context.Response.StatusCode = (int)status;
            _requests.Release();
        }
    }
}
