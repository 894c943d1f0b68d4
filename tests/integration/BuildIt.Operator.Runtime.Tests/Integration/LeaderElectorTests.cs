using System.Diagnostics;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Operator.Runtime.Tests.Integration;

[Collection(ApiCollection.Name)]
public sealed class LeaderElectorTests(KubernetesCluster cluster)
{
    [Fact]
    public async Task A_leader_that_shuts_down_hands_over_at_once()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var patient = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromMinutes(10), RenewDeadline = TimeSpan.FromMinutes(5), RetryPeriod = TimeSpan.FromMilliseconds(200) };
        using var first = Elector(ns, "first", patient, new Loss());
        await first.StartAsync(CancellationToken.None);
        await first.WaitUntilLeadingAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        using var second = Elector(ns, "second", patient, new Loss());
        await second.StartAsync(CancellationToken.None);
        await Task.Delay(1000);
        Assert.True(first.MayWrite);
        Assert.False(second.MayWrite);

        var watch = Stopwatch.StartNew();
        await first.StopAsync(CancellationToken.None);
        Assert.False(first.MayWrite);
        await second.WaitUntilLeadingAsync(CancellationToken.None).WaitAsync(Eventually.Patience);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "the lease was expected to be free at once");
        await second.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_that_is_cut_off_stops_writing_before_another_leads()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var quick = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(4), RenewDeadline = TimeSpan.FromSeconds(2), RetryPeriod = TimeSpan.FromMilliseconds(200) };
        await using var relay = cluster.Relay();
        var loss = new Loss();
        using var first = Elector(ns, "first", quick, loss, relay);
        await first.StartAsync(CancellationToken.None);
        await first.WaitUntilLeadingAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        using var second = Elector(ns, "second", quick, new Loss());
        await second.StartAsync(CancellationToken.None);

        relay.Cut();
        var secondLeads = second.WaitUntilLeadingAsync(CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            var (one, two) = (first.MayWrite, second.MayWrite);
            Assert.False(one && two, "two leaders");
            return secondLeads.IsCompleted;
        });

        Assert.True(loss.Lost.Task.IsCompleted);
        await second.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_whose_clock_was_set_back_stops_writing_before_another_leads()
    {
        var ns = await cluster.CreateNamespaceAsync();
        var quick = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(4), RenewDeadline = TimeSpan.FromSeconds(2), RetryPeriod = TimeSpan.FromMilliseconds(200) };
        await using var relay = cluster.Relay();
        var (clock, loss) = (new SetClock(), new Loss());
        using var first = Elector(ns, "first", quick, loss, relay, clock);
        await first.StartAsync(CancellationToken.None);
        await first.WaitUntilLeadingAsync(CancellationToken.None).WaitAsync(Eventually.Patience);
        using var second = Elector(ns, "second", quick, new Loss());
        await second.StartAsync(CancellationToken.None);

        relay.Cut();
        clock.Offset = TimeSpan.FromHours(-1);
        var secondLeads = second.WaitUntilLeadingAsync(CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            var (one, two) = (first.MayWrite, second.MayWrite);
            Assert.False(one && two, "two leaders");
            return secondLeads.IsCompleted;
        });

        await loss.Lost.Task.WaitAsync(Eventually.Patience);
        await second.StopAsync(CancellationToken.None);
    }

    private LeaderElector Elector(string ns, string identity, LeaderElectionOptions options, Loss loss, TcpRelay? relay = null, TimeProvider? time = null) =>
        new(cluster.Connect(relay), ns, "operator", identity, options, loss, time ?? TimeProvider.System, NullLogger<LeaderElector>.Instance);

    /// <summary>A wall clock that somebody sets. What measures how much time has passed is not moved by that.</summary>
    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }

    private sealed class Loss : ILeadershipLoss
    {
        public TaskCompletionSource Lost { get; } = new();

        public void OnLost() => Lost.TrySetResult();
    }
}
