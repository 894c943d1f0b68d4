using System.CommandLine;
using BuildIt.KubectlSfu.Access;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>What the processes behind a name log.</summary>
internal static class LogsCommand
{
    private const string Operator = "operator", RoomApi = "room-api";

    public static Command Create(GlobalOptions options)
    {
        var about = new Argument<string>("ROOM|POD|FLEET|operator|room-api") { Description = "Whose logs: of a room those of its pods, of which only lines that name it" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as lines are written" };
        var tail = new Option<int>("--tail") { Description = "Lines of each pod to begin with", DefaultValueFactory = _ => 100 };
        var command = new Command("logs", "Show the logs of a room's pods, a pod, a fleet, the operator or the room API") { about, follow, tail };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var name = parsed.GetValue(about)!;
            var (pods, filter) = await PodsAsync(session, name, cancellation).ConfigureAwait(false);
            if (pods.Count == 0)
            {
                throw new CommandFault($"{name} has no pod whose logs could be shown");
            }

            var gate = new SemaphoreSlim(1);
            await Task.WhenAll(pods.Select(pod => ReadAsync(session, pod, pods.Count > 1, filter, parsed.GetValue(follow), Math.Max(0, parsed.GetValue(tail)), gate, cancellation))).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task<(IReadOnlyList<V1Pod> Pods, string? Filter)> PodsAsync(Session session, string name, CancellationToken cancellation)
    {
        if (name is Operator)
        {
            return (await session.Operator.PodsAsync(cancellation).ConfigureAwait(false), null);
        }

        if (name is RoomApi)
        {
            return (await session.Api.ListAsync<V1Pod>(session.Namespace, cancellation, selector: "app.kubernetes.io/component=room-api,app.kubernetes.io/part-of=buildit-sfu").ConfigureAwait(false), null);
        }

        var target = await Target.FindAsync(session, name, cancellation).ConfigureAwait(false);
        if (target.Pod is { } pod)
        {
            return ([pod], null);
        }

        var all = await session.Api.ListAsync<V1Pod>(session.Namespace, cancellation, selector: FleetPods.Selector).ConfigureAwait(false);
        return target.Room is { } room
            ? ([.. all.Where(each => room.Status?.Assignments.Any(seat => seat.Instance == each.Metadata.Name) == true)], target.Name)
            : ([.. all.Where(each => each.Metadata.Labels.TryGetValue(SfuApi.ClusterLabel, out var fleet) && fleet == target.Name)], null);
    }

    /// <summary>The last lines of a pod; null when it has none to give.</summary>
    public static async Task<IReadOnlyList<string>> TailAsync(KubeApi api, V1Pod pod, int lines, CancellationToken cancellation)
    {
        using var answer = await api.OpenAsync(PathOf(pod, follow: false, lines), new Dictionary<string, string>(), cancellation).ConfigureAwait(false);
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw await KubeApi.FaultAsync(answer, cancellation).ConfigureAwait(false);
    }

    private static async Task ReadAsync(Session session, V1Pod pod, bool named, string? filter, bool follow, int tail, SemaphoreSlim gate, CancellationToken cancellation)
    {
        using var answer = await session.Api.OpenAsync(PathOf(pod, follow, tail), new Dictionary<string, string>(), cancellation).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw await KubeApi.FaultAsync(answer, cancellation).ConfigureAwait(false);
        }

        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false));
        while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (filter is not null && !line.Contains(filter, StringComparison.Ordinal))
            {
                continue;
            }

            await gate.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                await session.Terminal.Output.WriteLineAsync(named ? $"{pod.Metadata.Name}  {line}" : line).ConfigureAwait(false);
            }
            finally
            {
                gate.Release();
            }
        }
    }

    private static string PathOf(V1Pod pod, bool follow, int tail) =>
        $"{KindPaths.PathOf<V1Pod>(pod.Metadata.NamespaceProperty, pod.Metadata.Name)}/log?container={Uri.EscapeDataString(pod.Spec.Containers[0].Name)}&follow={(follow ? "true" : "false")}&tailLines={tail}";
}
