using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Documents;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>
/// What the pages for those who run it tell them to type is typed, line by line, on a real Kubernetes with a fleet, a call and a link. A
/// block that a mark excludes says why; <c>DocumentedCommandTests</c> see to that.
/// </summary>
[Collection(FleetCollection.Name)]
public sealed class PageCommandTests(Installations installations, ITestOutputHelper output)
{
    private const string Link = "lonely";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task Every_command_of_the_pages_for_operators_does_something()
    {
        var fleet = await installations.ConferencesAsync();
        await using var conference = await Conference.MeetAsync(fleet, browsers: 0, headless: 2);
        await conference.Gathering.MediaFlowsAsync(Patience);
        await fleet.Fleet.ApplyAsync(LinkManifest);
        var (serving, other) = await PodsAsync(fleet, conference.Room);
        using var commands = await PageCommands.CreateAsync(
            fleet.Fleet.Machine.KubeconfigPath,
            InstalledFleet.Space,
            [
                new("main-x7f9-bcdfghj", serving), new("main-x7f9-klmnp", other), new("NAMESPACE", InstalledFleet.Space), new("annotate room NAME", $"annotate room {conference.Room}"),
                new("standup", conference.Room), new("ROOM", conference.Room), new("FLEET", InstalledFleet.Name), new("main", InstalledFleet.Name), new("LINK", Link),
                new("POD", serving), new("NODE", serving), new("NAME", serving),
            ]);

        // First those that only look, of which runbooks share many.
        var faults = new List<string>();
        foreach (var page in DocumentPages.Pages.Where(DocumentPages.IsRunWhole).OrderByDescending(page => page, StringComparer.Ordinal))
        {
            faults.AddRange(await commands.FaultsAsync(page, _ => true));
            if (page == "docs/operate.md")
            {
                await fleet.Fleet.KubectlAsync("patch", "sfu", InstalledFleet.Name, "--type", "merge", "-p", """{"spec":{"paused":false}}""");
            }
        }

        output.WriteLine($"{commands.Done.Count} commands");
        await fleet.Fleet.KubectlAsync("delete", "link", Link);
        await fleet.Fleet.SettledAsync(2);
        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
        Assert.True(commands.Done.Count > 60, $"only {commands.Done.Count} commands were found");
    }

    private static async Task<(string Serving, string Other)> PodsAsync(ConferenceFleet fleet, string room)
    {
        var serving = (await fleet.PodOfAsync(room)).Metadata.Name;
        return (serving, (await fleet.Fleet.PodsAsync()).Select(pod => pod.Metadata.Name).First(name => name != serving));
    }

    /// <summary>To a fleet that is not there: what is said of it is what its runbook is for.</summary>
    private const string LinkManifest =
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: RegionLink
        metadata: {name: {{Link}}, namespace: {{InstalledFleet.Space}}}
        spec:
          a:
            clusterRef: {name: {{InstalledFleet.Name}}}
          b:
            clusterRef: {name: elsewhere}
        """;
}
