using System.Diagnostics;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using k8s;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>
/// Whoever annotates a running pod sees more of it: the annotation goes through the API server and the kubelet into a file of the pod,
/// as it does in any cluster, and a call goes on meanwhile.
/// </summary>
[Collection(FleetCollection.Name)]
public sealed class PodLogLevelTests(Installations installations, ITestOutputHelper output)
{
    private const string Annotation = "sfu.buildit.network/log-level";
    private const string Debug = "\"LogLevel\":\"Debug\"";

    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);

    /// <summary>A kubelet looks after a pod's files every minute or so, if nothing makes it look sooner.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [RootFact]
    public async Task AnnotatedPodsLogMoreDuringACallAndLessAgain()
    {
        var fleet = await installations.ConferencesAsync();
        await using var conference = await Conference.MeetAsync(fleet, browsers: 0, headless: 2);
        await conference.Gathering.MediaFlowsAsync(JoinPatience);
        var node = (await fleet.PodOfAsync(conference.Room)).Metadata.Name;
        var leader = (await fleet.Fleet.Client.CoreV1.ListNamespacedPodAsync(InstalledFleet.System, labelSelector: "app.kubernetes.io/component=operator")).Items[0].Metadata.Name;
        (string Space, string Name)[] pods = [(InstalledFleet.Space, node), (InstalledFleet.System, leader)];
        foreach (var pod in pods)
        {
            Assert.DoesNotContain(Debug, await LogAsync(pod), StringComparison.Ordinal);
        }

        // Frameworks tell of each request, such as the kubelet's own for health; ours say less.
        await ChangeAsync($"{Annotation}=Debug,Microsoft=Debug", "From now on this is logged: Debug", text => text.Contains(Debug, StringComparison.Ordinal));
        await ChangeAsync($"{Annotation}-", "From now on this is logged: Information", _ => true);
        await conference.Gathering.ForgetEventsAsync();
        await conference.Gathering.MediaFlowsAsync(JoinPatience);
        Assert.All(conference.Gathering.Headless, participant => Assert.Null(participant.Fault));

        async Task ChangeAsync(string annotation, string said, Func<string, bool> shows)
        {
            foreach (var (space, name) in pods)
            {
                await fleet.Fleet.Machine.RunToolAsync("kubectl", "annotate", "pod", name, "--namespace", space, annotation);
            }

            foreach (var pod in pods)
            {
                string log;
                for (var watch = Stopwatch.StartNew(); !(log = await LogAsync(pod)).Contains(said, StringComparison.Ordinal) || !shows(log);)
                {
                    Assert.True(watch.Elapsed < Patience, $"{pod.Name} does not say \"{said}\" after {annotation}\n{log}");
                    await Task.Delay(TimeSpan.FromMilliseconds(500));
                }

                output.WriteLine($"{pod.Name}: {annotation}: {log.Split('\n').Count(line => line.Contains(Debug, StringComparison.Ordinal))} lines of Debug so far");
            }
        }

        Task<string> LogAsync((string Space, string Name) pod) => fleet.Fleet.Machine.RunToolAsync("kubectl", "logs", pod.Name, "--namespace", pod.Space);
    }
}
