using System.Text.Json.Nodes;
using BuildIt.EndToEnd.Tests.Chart;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Nostr;
using k8s;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>A call goes on while the chart that was released last is replaced by this one.</summary>
[Collection(FleetCollection.Name)]
public sealed class UpgradeTests(Installations installations, ITestOutputHelper output)
{
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);

    /// <summary>docs/failover.md: so long a client is without media when its pod dies, under load. Here none does.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [RootFact]
    public async Task NobodyInACallNoticesThatTheReleasedChartIsUpgraded()
    {
        var clock = TimeProvider.System;
        var fleet = await installations.ConferencesAsync();
        var mark = clock.GetTimestamp();
        await using var conference = await Conference.MeetAsync(fleet, browsers: 1, headless: 2);
        await conference.Gathering.MediaFlowsAsync(JoinPatience);
        var before = await SeenAsync(fleet, conference.Room);
        var operators = await PodsAsync(fleet, InstalledFleet.System, "operator");
        var apis = await PodsAsync(fleet, InstalledFleet.Space, "room-api");
        Tell("a call");

        await using var gaps = MediaGaps.Watch(conference.Gathering.Attendees);

        // Its own images are not at hand, and those of today may need what it does not give them: nobody waits for them.
        await fleet.Fleet.UpgradeAsync(HelmChart.Released);
        Tell("the released chart");

        // The annotations stand for the images of a release, by which operator and room API roll.
        await fleet.Fleet.UpgradeAsync(
            HelmChart.Folder, "--wait", "--timeout", "150s", "--set", "operator.podAnnotations.release=next,roomApi.podAnnotations.release=next");
        Assert.Empty((await PodsAsync(fleet, InstalledFleet.System, "operator")).Intersect(operators));
        Assert.Empty((await PodsAsync(fleet, InstalledFleet.Space, "room-api")).Intersect(apis));
        await DefinitionsAreOfTheChartAsync(fleet);
        await fleet.Fleet.SettledAsync(2);
        Tell("the chart of today");

        // Nothing was moved, and nobody was without media for long.
        Assert.Equal(before, await SeenAsync(fleet, conference.Room));
        var longest = await gaps.EndAsync();
        output.WriteLine($"the longest: {longest}");
        Assert.True(longest.Length < Limit, $"{longest}");
        Assert.All(conference.Gathering.Headless, participant => Assert.Null(participant.Fault));

        // Who comes now is let in by the new room API.
        var access = await fleet.Api.JoinAsync(new NostrSigner(), conference.Room);
        await conference.Gathering.AddHeadlessAsync(access.SfuEndpoint, access.JoinToken);
        await conference.Gathering.MediaFlowsAsync(JoinPatience);
        Tell("one more in the call");

        // A room that is made while no operator leads waits for the one that will.
        await PlacedAsync(fleet);
        Tell("a new room");

        // What comes after this finds the pods of today, and no others.
        await fleet.Fleet.UntilAsync("the operators of before are gone", async _ =>
            (await fleet.Fleet.Client.CoreV1.ListNamespacedPodAsync(InstalledFleet.System, labelSelector: "app.kubernetes.io/component=operator"))
            .Items.All(pod => pod.Metadata.DeletionTimestamp is null));
        Tell("nobody of before");

        void Tell(string what)
        {
            output.WriteLine($"{clock.GetElapsedTime(mark).TotalSeconds,6:F1} s  {what}");
            mark = clock.GetTimestamp();
        }
    }

    private static async Task PlacedAsync(ConferenceFleet fleet)
    {
        for (var since = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                await fleet.Api.CreateAsync(new NostrSigner(), "upgraded");
                return;
            }
            catch (InvalidOperationException waits) when (waits.Message.Contains(" 202 ", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(since) < JoinPatience)
            {
                // The room API has waited for it already, as long as it does.
            }
        }
    }

    /// <summary>The pods of the fleet, its revision, and where the room is.</summary>
    private static async Task<string> SeenAsync(ConferenceFleet fleet, string room)
    {
        var (now, status) = (await fleet.Fleet.ReadAsync(), (await fleet.ReadRoomAsync(room)).Status!);
        var pods = (await fleet.Fleet.PodsAsync()).Select(pod => pod.Metadata.Uid).Order(StringComparer.Ordinal);
        return $"revision {now.Status!.Revision}, pods {string.Join(' ', pods)}, room at {status.Assignments.Single().Instance}, generation {status.Generation}";
    }

    private static async Task<IReadOnlyList<string>> PodsAsync(ConferenceFleet fleet, string space, string component)
    {
        var pods = (await fleet.Fleet.Client.CoreV1.ListNamespacedPodAsync(space, labelSelector: $"app.kubernetes.io/component={component}")).Items
            .Where(pod => pod.Metadata.DeletionTimestamp is null).Select(pod => pod.Metadata.Uid).ToList();
        Assert.NotEmpty(pods);
        return pods;
    }

    private static async Task DefinitionsAreOfTheChartAsync(ConferenceFleet fleet)
    {
        var version = await fleet.Fleet.Client.Version.GetCodeAsync();
        var definitions = (await HelmChart.RenderAsync("--kube-version", version.GitVersion)).OfKind("CustomResourceDefinition").ToList();
        Assert.NotEmpty(definitions);
        foreach (var definition in definitions)
        {
            var stored = JsonNode.Parse(await fleet.Fleet.KubectlAsync("get", "crd", $"{definition["metadata"]!["name"]}", "-o", "json"))!;
            Assert.True(JsonNode.DeepEquals(Schema(definition), Schema(stored)), $"{definition["metadata"]!["name"]} is not as in the chart");
        }
    }

    private static JsonNode? Schema(JsonNode definition) => definition["spec"]!["versions"]!.AsArray().Single()!["schema"];
}
