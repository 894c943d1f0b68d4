using System.Security.Cryptography;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Registry.Mail;
using BuildIt.RoomApi.Tests.Registry.Commits;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Tests.Registry.Mail;

/// <summary>What waits is bounded for each box, in sum, and in time.</summary>
public sealed class MailboxTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly RegistryKeys Keys = new("logs");

    private readonly LogRoom _room = LogReplica.NewRoom();
    private readonly ParticipantId _alice = LogReplica.NewMember();
    private ConnectionMultiplexer _connection = null!;

    public async Task InitializeAsync()
    {
        await redis.FlushAllAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
    }

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task A_box_holds_so_many_and_so_much()
    {
        await using var replica = await LogReplica.StartAsync(redis);
        for (var i = 0; i < MailLimits.MaxMessages; i++)
        {
            Assert.Equal(MailOutcome.Put, await PutAsync(replica, _alice, from: i / MailLimits.MaxFromAddress));
        }

        Assert.Equal(MailOutcome.BoxFull, await PutAsync(replica, _alice, from: 100));
        var bob = LogReplica.NewMember();
        var put = 0;
        while (await PutAsync(replica, bob, from: put / 8, size: 100 << 10) == MailOutcome.Put)
        {
            put++;
        }

        Assert.InRange(put, (MailLimits.MaxBox / (100 << 10)) - 1, MailLimits.MaxBox / (100 << 10));
    }

    [Fact]
    public async Task All_boxes_and_logs_share_one_bound()
    {
        await using var narrow = await LogReplica.StartAsync(redis, memory: 250 << 10);
        var log = await narrow.IncarnationAsync(_room);
        Assert.Equal(LogOutcome.First, (await narrow.AppendAsync(_room, log, 0, _alice, new byte[100 << 10])).Outcome);
        Assert.Equal(MailOutcome.Put, await PutAsync(narrow, _alice, from: 1, size: 100 << 10));
        Assert.Equal(MailOutcome.MemoryFull, await PutAsync(narrow, LogReplica.NewMember(), from: 1, size: 100 << 10));
        Assert.Equal(LogOutcome.Full, (await narrow.AppendAsync(_room, log, 1, _alice, new byte[100 << 10])).Outcome);
        await narrow.Log.ForgetRoomAsync(_room.Id, default);
        Assert.Equal(MailOutcome.Put, await PutAsync(narrow, LogReplica.NewMember(), from: 1, size: 100 << 10));
    }

    [Fact]
    public async Task What_has_waited_too_long_is_not_read_and_makes_way()
    {
        await using var replica = await LogReplica.StartAsync(redis);
        await using var earlier = await LogReplica.StartAsync(redis, time: new FakeTimeProvider(DateTimeOffset.UtcNow - MailLimits.Lifetime - TimeSpan.FromMinutes(1)));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(MailOutcome.Put, await PutAsync(earlier, _alice, from: 1));
        }

        Assert.Empty((await replica.Mail.ReadAsync(_room, _alice, "", 0, default)).Items);
        Assert.Equal(MailOutcome.Put, await PutAsync(replica, _alice, from: 2));
        var page = await replica.Mail.ReadAsync(_room, _alice, "", 0, default);
        Assert.Equal(3, Assert.Single(page.Items).Number);

        // Head, event, its mark and its sender: of the others nothing is left.
        Assert.Equal(4 + 3, await _connection.GetDatabase().HashLengthAsync(Keys.Mailbox(new RoomId(_room.Id), _alice.Text)));
    }

    private Task<MailOutcome> PutAsync(LogReplica replica, ParticipantId to, int from, int size = 10) =>
        replica.Mail.PutAsync(_room, to, from.ToString("D32", System.Globalization.CultureInfo.InvariantCulture), RandomNumberGenerator.GetBytes(32), new byte[size], default);
}
