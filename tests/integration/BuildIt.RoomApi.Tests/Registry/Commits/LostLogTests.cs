using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Registry.Commits;

/// <summary>A log that may have lost something is another log, and members are told.</summary>
public sealed class LostLogTests
{
    private readonly LogRoom _room = LogReplica.NewRoom();
    private readonly ParticipantId _alice = LogReplica.NewMember();

    [Fact]
    public async Task Redis_that_was_emptied_starts_another_log()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var replica = await LogReplica.StartAsync(redis);
        var before = await StartedAsync(replica);
        await redis.FlushAllAsync();
        await MovedOnAsync(replica, before);
    }

    [Fact]
    public async Task Redis_that_was_restarted_starts_another_log()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var replica = await LogReplica.StartAsync(redis);
        var before = await StartedAsync(replica);
        await redis.StopAsync();
        await Assert.ThrowsAsync<RegistryUnavailableException>(() => replica.AppendAsync(_room, before, 2, _alice, [3]));
        await redis.StartAsync();
        await MovedOnAsync(replica, before);
    }

    /// <summary>A replica has most of the log, and may lack what members know already.</summary>
    [Fact]
    public async Task A_replica_that_was_promoted_starts_another_log()
    {
        await using var primary = await RedisServer.StartNewAsync();
        await using var copy = await RedisServer.StartNewAsync();
        await using var replica = await LogReplica.StartAsync(primary);
        var before = await StartedAsync(replica);
        await copy.ReplicateAsync(primary);
        await copy.PromoteAsync();
        await using var later = await LogReplica.StartAsync(copy);
        await MovedOnAsync(later, before);
    }

    [Fact]
    public async Task Another_pepper_starts_another_log()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var replica = await LogReplica.StartAsync(redis);
        var before = await StartedAsync(replica);
        await using var changed = await LogReplica.StartAsync(redis, pepper: new byte[32]);
        await MovedOnAsync(changed, before);
    }

    private async Task<string> StartedAsync(LogReplica replica)
    {
        var incarnation = await replica.IncarnationAsync(_room);
        await replica.AppendAsync(_room, incarnation, 0, _alice, [1], [1]);
        await replica.AppendAsync(_room, incarnation, 1, _alice, [2], [2]);
        Assert.Equal(incarnation, await replica.IncarnationAsync(_room));
        return incarnation;
    }

    private async Task MovedOnAsync(LogReplica replica, string before)
    {
        LogAnswer? answer = null;
        await Integration.RoomApiFixture.EventuallyAsync(async () =>
        {
            try
            {
                answer = await replica.AppendAsync(_room, before, 2, _alice, [3]);
                return true;
            }
            catch (RegistryUnavailableException)
            {
                return false;
            }
        });
        Assert.Equal((LogOutcome.Restarted, 0), (answer!.Outcome, answer.Head.NextEpoch));
        Assert.NotEqual(before, answer.Head.Incarnation);
        Assert.Null((await replica.Log.InfoAsync(_room, default)).Info);
        Assert.Equal(LogOutcome.First, (await replica.AppendAsync(_room, answer.Head.Incarnation, 0, _alice, [3])).Outcome);
    }
}
