using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Registry.Commits;

/// <summary>One order of commits over all replicas, against a real Redis.</summary>
public sealed class CommitLogTests(RedisServer redis) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly LogRoom _room = LogReplica.NewRoom();
    private readonly ParticipantId _alice = LogReplica.NewMember();
    private readonly ParticipantId _bob = LogReplica.NewMember();
    private LogReplica _replica = null!;
    private string _incarnation = "";

    public async Task InitializeAsync()
    {
        _replica = await LogReplica.StartAsync(redis);
        _incarnation = await _replica.IncarnationAsync(_room);
    }

    public async Task DisposeAsync() => await _replica.DisposeAsync();

    [Fact]
    public async Task Of_many_at_once_through_several_replicas_one_is_first_and_all_learn_which()
    {
        const int Members = 20;
        const int Epochs = 15;
        var replicas = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LogReplica.StartAsync(redis)));
        var members = Enumerable.Range(0, Members).Select(_ => LogReplica.NewMember()).ToList();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var answers = await Task.WhenAll(members.Select((member, i) =>
                replicas[i % replicas.Length].AppendAsync(_room, _incarnation, epoch, member, Encoding.UTF8.GetBytes($"{epoch} of {i}"))));
            var first = Assert.Single(answers, answer => answer.Outcome == LogOutcome.First);
            Assert.All(answers, answer =>
            {
                Assert.Equal(first.Entry!.Author, answer.Entry!.Author);
                Assert.Equal(first.Entry.Message.ToArray(), answer.Entry.Message.ToArray());
                Assert.Equal(epoch + 1, answer.Head.NextEpoch);
            });
            Assert.Equal($"{epoch} of {members.IndexOf(first.Entry!.Author)}", Encoding.UTF8.GetString(first.Entry.Message.Span));
        }

        foreach (var replica in replicas)
        {
            var page = await replica.Log.ReadAsync(_room, null, Epochs, default);
            Assert.Equal(Enumerable.Range(0, Epochs).Select(epoch => (long)epoch), page.Commits.Select(entry => entry.Epoch));
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_commit_sent_again_by_its_author_is_answered_as_the_first_time()
    {
        var first = await _replica.AppendAsync(_room, _incarnation, 0, _alice, [1, 2, 3]);
        await _replica.AppendAsync(_room, _incarnation, 1, _bob, [4]);
        var again = await _replica.AppendAsync(_room, _incarnation, 0, _alice, [1, 2, 3]);
        Assert.Equal((LogOutcome.First, LogOutcome.First), (first.Outcome, again.Outcome));
        Assert.Equal(first.Entry!.At, again.Entry!.At);
        Assert.Equal(LogOutcome.Taken, (await _replica.AppendAsync(_room, _incarnation, 0, _alice, [1, 2])).Outcome);
        Assert.Equal(LogOutcome.Taken, (await _replica.AppendAsync(_room, _incarnation, 0, _bob, [1, 2, 3])).Outcome);
    }

    [Fact]
    public async Task An_epoch_that_has_not_begun_takes_no_commit()
    {
        var ahead = await _replica.AppendAsync(_room, _incarnation, 1, _alice, [1]);
        Assert.Equal((LogOutcome.Ahead, 0, null), (ahead.Outcome, ahead.Head.NextEpoch, ahead.Entry));
        Assert.Equal(LogOutcome.Ahead, (await _replica.AppendAsync(_room, _incarnation, CommitLimits.MaxEpoch, _alice, [1])).Outcome);
    }

    [Fact]
    public async Task Group_info_is_that_of_the_epoch_that_lasts()
    {
        Assert.Null((await _replica.Log.InfoAsync(_room, default)).Info);
        var founded = await _replica.Log.DescribeAsync(_room, _incarnation, 0, _alice, new byte[] { 10 }, default);
        Assert.Equal(LogOutcome.First, founded.Outcome);
        Assert.Equal(LogOutcome.First, (await _replica.Log.DescribeAsync(_room, _incarnation, 0, _alice, new byte[] { 10 }, default)).Outcome);
        Assert.Equal(LogOutcome.Taken, (await _replica.Log.DescribeAsync(_room, _incarnation, 0, _bob, new byte[] { 11 }, default)).Outcome);
        Assert.Equal(LogOutcome.Ahead, (await _replica.Log.DescribeAsync(_room, _incarnation, 1, _bob, new byte[] { 11 }, default)).Outcome);

        await _replica.AppendAsync(_room, _incarnation, 0, _alice, [1], [20]);
        var (head, info) = await _replica.Log.InfoAsync(_room, default);
        Assert.Equal((1, 1), (head.NextEpoch, info!.Epoch));
        Assert.Equal([20], info.Message.ToArray());
        Assert.Equal(LogOutcome.Passed, (await _replica.Log.DescribeAsync(_room, _incarnation, 0, _alice, new byte[] { 10 }, default)).Outcome);

        // What described the epoch before would mislead whoever comes back.
        await _replica.AppendAsync(_room, _incarnation, 1, _bob, [2]);
        Assert.Null((await _replica.Log.InfoAsync(_room, default)).Info);
        Assert.Equal(LogOutcome.First, (await _replica.Log.DescribeAsync(_room, _incarnation, 2, _bob, new byte[] { 30 }, default)).Outcome);
    }

    [Fact]
    public async Task A_log_that_is_started_anew_ends_the_one_before_once()
    {
        await _replica.AppendAsync(_room, _incarnation, 0, _alice, [1]);
        var restarted = await _replica.Log.RestartAsync(_room, _incarnation, default);
        Assert.Equal((LogOutcome.First, 0), (restarted.Outcome, restarted.Head.NextEpoch));
        Assert.NotEqual(_incarnation, restarted.Head.Incarnation);
        var second = await _replica.Log.RestartAsync(_room, _incarnation, default);
        Assert.Equal((LogOutcome.Restarted, restarted.Head.Incarnation), (second.Outcome, second.Head.Incarnation));
        Assert.Equal(LogOutcome.Restarted, (await _replica.AppendAsync(_room, _incarnation, 1, _alice, [2])).Outcome);
        Assert.Equal(LogOutcome.First, (await _replica.AppendAsync(_room, restarted.Head.Incarnation, 0, _bob, [3])).Outcome);
    }

    [Fact]
    public async Task Pages_are_bounded_and_go_on_where_the_last_one_ended()
    {
        var sent = new List<byte[]>();
        for (var epoch = 0; epoch < 12; epoch++)
        {
            sent.Add(RandomNumberGenerator.GetBytes(100 << 10));
            await _replica.AppendAsync(_room, _incarnation, epoch, _alice, sent[^1]);
        }

        var read = new List<LogEntry>();
        while (read.Count < sent.Count)
        {
            var page = await _replica.Log.ReadAsync(_room, read.Count, CommitLimits.MaxPage, default);
            Assert.InRange(page.Commits.Count, 1, CommitLimits.MaxPageBytes / (100 << 10));
            read.AddRange(page.Commits);
        }

        Assert.Equal(sent, read.Select(entry => entry.Message.ToArray()));
        Assert.Equal(3, (await _replica.Log.ReadAsync(_room, 4, 3, default)).Commits.Count);
        Assert.Empty((await _replica.Log.ReadAsync(_room, 12, 3, default)).Commits);
    }
}
