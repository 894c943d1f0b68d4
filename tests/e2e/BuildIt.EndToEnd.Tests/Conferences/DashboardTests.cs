using System.Diagnostics;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Nostr;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>The dashboards of the chart show something: a real Prometheus reads a real fleet with a call on it.</summary>
[Collection(FleetCollection.Name)]
public sealed class DashboardTests(Installations installations)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task EveryQueryHasAnAnswerWhileThereIsACall()
    {
        var fleet = await installations.ConferencesAsync();
        await using var conference = await Conference.MeetAsync(fleet, browsers: 0, headless: 3);
        await conference.Gathering.MediaFlowsAsync(Patience);
        await Assert.ThrowsAsync<InvalidOperationException>(() => fleet.Api.JoinAsync(new NostrSigner(), "no-such-room"));
        await using var prometheus = await PrometheusServer.StartAsync(await TargetsAsync(fleet.Fleet));

        // This fleet has no link: that board is seen with two that have, in the operator's own tests.
        var waiting = Dashboard.Names.Where(name => name != "links").SelectMany(name => new Dashboard(name, conference.Room).Queries).ToList();
        Assert.NotEmpty(waiting);
        for (var watch = Stopwatch.StartNew(); !await prometheus.AnswersAllAsync(waiting);)
        {
            Assert.True(watch.Elapsed < Patience, $"nothing answers\n{string.Join('\n', waiting)}");
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private static async Task<IReadOnlyList<ScrapeTarget>> TargetsAsync(InstalledFleet fleet)
    {
        var targets = new List<ScrapeTarget>();
        await AddAsync(InstalledFleet.System, "app.kubernetes.io/component=operator", 8080);
        await AddAsync(InstalledFleet.Space, "app.kubernetes.io/component=room-api", 9090);
        await AddAsync(InstalledFleet.Space, "app.kubernetes.io/name=sfu-node", 7885);
        return targets;

        async Task AddAsync(string space, string selector, int port)
        {
            var pods = (await fleet.Client.CoreV1.ListNamespacedPodAsync(space, labelSelector: selector)).Items.Where(pod => pod.Status.PodIP is not null).ToList();
            Assert.NotEmpty(pods);
            targets.AddRange(pods.Select(pod => new ScrapeTarget(
                $"{pod.Status.PodIP}:{port}", new Dictionary<string, string> { ["namespace"] = space, ["pod"] = pod.Metadata.Name })));
        }
    }
}
