using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing.Documents;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>
/// What pages for operators tell them to type is typed, line by line, at a real API server with a fleet, a room and a link, as far as it
/// needs no kubelet and no chart; the end-to-end tests type all of it.
/// </summary>
public sealed class PageCommandTests(OperatorFixture fixture, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Commands_of_the_pages_for_operators_do_something()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 2);
        await world.Rooms.CreateAsync("standup");
        var serving = (await world.Rooms.ReadyAsync("standup")).Assignments[0].Instance;
        var other = (await world.Fleet.PodsAsync()).Select(pod => pod.Metadata.Name).First(name => name != serving);
        await world.Fleet.CreateLinkAsync(FleetWorld.Fleet, "elsewhere");
        using var commands = await PageCommands.CreateAsync(
            fixture.Cluster.KubeconfigPath,
            world.Fleet.Namespace,
            [
                new("main-x7f9-bcdfghj", serving), new("main-x7f9-klmnp", other), new("annotate room NAME", "annotate room standup"), new("NAMESPACE", world.Fleet.Namespace),
                new("ROOM", "standup"), new("FLEET", FleetWorld.Fleet), new("main", FleetWorld.Fleet), new("LINK", $"{FleetWorld.Fleet}-elsewhere"), new("POD", serving), new("NODE", serving),
                new("NAME", serving), new("kubectl sfu", $"kubectl sfu {string.Join(' ', world.OperatorNamespace)}"), new("buildit-sfu", world.OperatorNamespace[^1]),
            ]);

        var faults = new List<string>();
        foreach (var page in DocumentPages.Pages.Where(DocumentPages.IsRunWhole).OrderByDescending(page => page, StringComparer.Ordinal))
        {
            faults.AddRange(await commands.FaultsAsync(page, NeedsNoMore));
            if (page == "docs/operate.md")
            {
                await world.Fleet.PatchFleetAsync("""{"spec":{"paused":false}}""");
            }
        }

        output.WriteLine($"{commands.Done.Count} commands\n{string.Join('\n', commands.Done)}");
        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
        Assert.True(commands.Done.Count > 40, $"only {commands.Done.Count} commands were found");
    }

    // Pods here are processes of the tests, and the chart is not installed.
    private static bool NeedsNoMore(string command) =>
        !command.StartsWith("kubectl logs", StringComparison.Ordinal) && !command.StartsWith("kubectl sfu logs", StringComparison.Ordinal) && !command.StartsWith("kubectl sfu top", StringComparison.Ordinal)
        && !command.Contains("/proxy/", StringComparison.Ordinal) && !command.Contains(" --as ", StringComparison.Ordinal) && !command.Contains("buildit-sfu-", StringComparison.Ordinal);
}
