using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Tests.Routing;
using StackExchange.Redis;
using RedisServer = BuildIt.Testing.RedisServer;

namespace BuildIt.Sfu.Node.Tests.Registry;

/// <summary>Following what the registry announces, through its absence.</summary>
public sealed class RegistryWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_announcement_is_heard_once_however_often_watching_was_tried()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await redis.StopAsync();
        var settings = new NodeSettings { RedisAddresses = [redis.Address] };
        await using var registry = await RedisNodeRegistry.ConnectAsync(settings, TimeProvider.System);
        ConcurrentQueue<string> heard = [];
        Task Watch() => registry.WatchAsync(room => heard.Enqueue(room.Value), revoked => heard.Enqueue(revoked.Participant));
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<RegistryUnavailableException>(Watch);
        }

        await redis.StartAsync();
        await Eventually.IsAsync(
            async () =>
            {
                try
                {
                    await Watch();
                    return true;
                }
                catch (RegistryUnavailableException)
                {
                    return false;
                }
            },
            Patience,
            "it is watched");
        var keys = new RegistryKeys(settings.Namespace);
        await using var operators = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        await AnnounceAsync("first");
        Assert.Equal(["first", "first", "revoked", "revoked"], heard.Order());

        // Connections that break are taken up again, still once each.
        heard.Clear();
        await redis.StopAsync();
        await redis.StartAsync();
        await Eventually.IsAsync(
            async () =>
            {
                try
                {
                    return await operators.GetSubscriber().PublishAsync(RedisChannel.Literal(keys.RevocationChanges), "{}") > 0;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            Patience,
            "the node listens again");
        await AnnounceAsync("second");
        Assert.Equal(["revoked", "revoked", "second", "second"], heard.Order());

        async Task AnnounceAsync(string room)
        {
            var subscriber = operators.GetSubscriber();
            for (var i = 0; i < 2; i++)
            {
                await subscriber.PublishAsync(RedisChannel.Literal(keys.RouteChanges), room);
                await subscriber.PublishAsync(
                    RedisChannel.Literal(keys.RevocationChanges),
                    System.Text.Json.JsonSerializer.Serialize(
                        new Revocation { Room = new RoomId(room), Participant = "revoked", NotBefore = DateTimeOffset.UtcNow }, ContractJson.Default.Revocation));
            }

            await Eventually.IsAsync(() => Task.FromResult(heard.Count >= 4), Patience, "all of it is heard");
        }
    }
}
