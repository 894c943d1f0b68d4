using System.Security.Cryptography;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Tests.Registry.Commits;

/// <summary>What is kept is bounded for each room, in sum, and in time; and nobody who reads Redis can read it.</summary>
public sealed class CommitLogBoundsTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly RegistryKeys Keys = new("logs");

    private readonly LogRoom _room = LogReplica.NewRoom();
    private readonly ParticipantId _alice = LogReplica.NewMember();
    private LogReplica _replica = null!;
    private ConnectionMultiplexer _connection = null!;

    private IDatabase Database => _connection.GetDatabase();

    public async Task InitializeAsync()
    {
        await redis.FlushAllAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        _replica = await LogReplica.StartAsync(redis);
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _replica.DisposeAsync();
    }

    [Fact]
    public async Task The_oldest_commits_of_a_room_give_way()
    {
        const int Sent = CommitLimits.MaxCommits + 8;
        var incarnation = await _replica.IncarnationAsync(_room);
        for (var epoch = 0; epoch < Sent; epoch++)
        {
            Assert.Equal(LogOutcome.First, (await _replica.AppendAsync(_room, incarnation, epoch, _alice, [1])).Outcome);
        }

        var page = await _replica.Log.ReadAsync(_room, null, CommitLimits.MaxPage, default);
        Assert.Equal((8, Sent), (page.Head.FirstEpoch, page.Head.NextEpoch));
        Assert.Equal(8, page.Commits[0].Epoch);
        Assert.Empty((await _replica.Log.ReadAsync(_room, 7, CommitLimits.MaxPage, default)).Commits);
        Assert.Equal(LogOutcome.Passed, (await _replica.AppendAsync(_room, incarnation, 7, _alice, [1])).Outcome);
        Assert.Equal(LogOutcome.First, (await _replica.AppendAsync(_room, incarnation, 8, _alice, [1])).Outcome);
    }

    [Fact]
    public async Task The_bytes_of_a_room_are_bounded_and_counted()
    {
        var incarnation = await _replica.IncarnationAsync(_room);
        for (var epoch = 0; epoch < 40; epoch++)
        {
            var answer = await _replica.AppendAsync(
                _room, incarnation, epoch, _alice, RandomNumberGenerator.GetBytes(CommitLimits.MaxCommit), RandomNumberGenerator.GetBytes(CommitLimits.MaxGroupInfo));
            Assert.Equal(LogOutcome.First, answer.Outcome);
        }

        var held = (await Database.HashGetAllAsync(Keys.CommitLog(new RoomId(_room.Id)))).Sum(field => ((byte[])field.Value!).Length);
        Assert.InRange(held, CommitLimits.MaxLog - CommitLimits.MaxCommit - 1024, CommitLimits.MaxLog + 256);
        Assert.InRange(held - (long)await Database.HashGetAsync(Keys.LeftBehindBytes, "total"), 0, 256);
    }

    [Fact]
    public async Task All_rooms_together_are_bounded_and_what_is_gone_counts_no_more()
    {
        await using var narrow = await LogReplica.StartAsync(redis, memory: 300 << 10);
        var other = LogReplica.NewRoom();
        var (first, second) = (await narrow.IncarnationAsync(_room), await narrow.IncarnationAsync(other));
        var large = new byte[100 << 10];
        Assert.Equal(LogOutcome.First, (await narrow.AppendAsync(_room, first, 0, _alice, large)).Outcome);
        Assert.Equal(LogOutcome.First, (await narrow.AppendAsync(_room, first, 1, _alice, large)).Outcome);
        var full = await narrow.AppendAsync(other, second, 0, _alice, large);
        Assert.Equal((LogOutcome.Full, 0, second), (full.Outcome, full.Head.NextEpoch, full.Head.Incarnation));
        Assert.Equal(LogOutcome.Full, (await narrow.Log.DescribeAsync(other, second, 0, _alice, large, default)).Outcome);
        Assert.Equal(LogOutcome.First, (await narrow.AppendAsync(other, second, 0, _alice, new byte[1000])).Outcome);

        await narrow.Log.ForgetRoomAsync(_room.Id, default);
        Assert.Equal(LogOutcome.First, (await narrow.AppendAsync(other, second, 1, _alice, large)).Outcome);
        Assert.InRange((long)await Database.HashGetAsync(Keys.LeftBehindBytes, "total"), 100 << 10, 103 << 10);
    }

    [Fact]
    public async Task A_log_expires_with_its_room_or_an_hour_after_its_last_use()
    {
        var soon = LogReplica.NewRoom() with { EndsAt = DateTimeOffset.UtcNow.AddMinutes(5) };
        await _replica.IncarnationAsync(soon);
        await _replica.IncarnationAsync(_room);
        Assert.InRange((await LeftAsync(soon))!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        Assert.InRange((await LeftAsync(_room))!.Value, TimeSpan.FromMinutes(59), CommitLimits.Lifetime);

        await Database.KeyExpireAsync(Keys.CommitLog(new RoomId(_room.Id)), TimeSpan.FromMinutes(1));
        await _replica.Log.InfoAsync(_room, default);
        Assert.InRange((await LeftAsync(_room))!.Value, TimeSpan.FromMinutes(59), CommitLimits.Lifetime);
    }

    [Fact]
    public async Task Redis_does_not_hold_what_members_sent()
    {
        var incarnation = await _replica.IncarnationAsync(_room);
        var (commit, info) = (RandomNumberGenerator.GetBytes(64), RandomNumberGenerator.GetBytes(64));
        await _replica.AppendAsync(_room, incarnation, 0, _alice, commit, info);
        foreach (var field in await Database.HashGetAllAsync(Keys.CommitLog(new RoomId(_room.Id))))
        {
            var value = (byte[])field.Value!;
            Assert.Equal(-1, value.AsSpan().IndexOf(commit.AsSpan(0, 8)));
            Assert.Equal(-1, value.AsSpan().IndexOf(info.AsSpan(0, 8)));
        }
    }

    private Task<TimeSpan?> LeftAsync(LogRoom room) => Database.KeyTimeToLiveAsync(Keys.CommitLog(new RoomId(room.Id)));
}
