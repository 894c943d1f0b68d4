using System.CommandLine;
using System.Text.Json.Nodes;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Empties a pod, or all pods on a Kubernetes node.</summary>
internal static class DrainCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create(GlobalOptions options)
    {
        var target = new Argument<string>("POD|NODE") { Description = "A pod of a fleet, or a Kubernetes node; pod/NAME and node/NAME where both have the name" };
        var undo = new Option<bool>("--undo") { Description = "Rather not" };
        var wait = new Option<bool>("--wait") { Description = "Wait until nobody is left there, and say how it goes" };
        var command = new Command("drain", "Empty a pod, or every pod on a Kubernetes node: no new rooms, those there move; then they are removed") { target, undo, wait };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var (pod, node) = await FindAsync(session, parsed.GetValue(target)!, cancellation).ConfigureAwait(false);
            var back = parsed.GetValue(undo);
            if (pod is not null)
            {
                await session.Api.PatchAsync<V1Pod>(
                    session.Namespace, pod.Metadata.Name,
                    new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [PodAnnotations.DrainRequested] = back ? null : "true" } } }, cancellation).ConfigureAwait(false);
            }
            else
            {
                // What kubectl cordon and uncordon do; the operator empties pods on such nodes.
                await session.Api.PatchAsync<V1Node>(null, node!.Metadata.Name, new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = back ? null : true } }, cancellation).ConfigureAwait(false);
            }

            var what = pod is not null ? $"pod {pod.Metadata.Name}" : $"every pod of a fleet on node {node!.Metadata.Name}";
            session.Terminal.Note(back ? $"{what} is not to be drained any more; a drain whose people were asked to leave already goes on" : $"{what} is to be drained");
            if (parsed.GetValue(wait) && !back)
            {
                await WaitAsync(session, pod?.Metadata.Name, node?.Metadata.Name, cancellation).ConfigureAwait(false);
                session.Terminal.Note("Done: nobody is left there.");
            }

            return 0;
        });
        return command;
    }

    private static async Task<(V1Pod? Pod, V1Node? Node)> FindAsync(Session session, string target, CancellationToken cancellation)
    {
        var (kind, name) = target.Split('/') is [var before, var after] ? (before, after) : (null, target);
        if (kind is not (null or "pod" or "node"))
        {
            throw new CommandFault($"{target} is neither pod/NAME nor node/NAME");
        }

        var pod = kind is "node" ? null : await session.Api.FindAsync<V1Pod>(session.Namespace, name, cancellation).ConfigureAwait(false);
        if (pod is not null && !IsOfFleet(pod))
        {
            pod = kind is "pod" ? throw new CommandFault($"the pod {name} belongs to no fleet; kubectl sfu top lists those that do") : null;
        }

        // Who may not see nodes can still drain pods.
        var node = kind is "pod" || (kind is null && pod is not null) ? null : await session.Api.FindAsync<V1Node>(null, name, cancellation).ConfigureAwait(false);
        return pod is null && node is null
            ? throw new CommandFault($"there is neither a pod {name} of a fleet in the namespace {session.Namespace} nor a node of that name; kubectl sfu top lists pods, kubectl get nodes the nodes")
            : (pod, node);
    }

    private static async Task WaitAsync(Session session, string? pod, string? node, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Pause, session.Clock);
        var said = string.Empty;
        while (true)
        {
            var pods = (await session.Api.ListAsync<V1Pod>(node is null ? session.Namespace : null, cancellation, selector: FleetPods.Selector).ConfigureAwait(false))
                .Where(each => pod is not null ? each.Metadata.Name == pod : each.Spec?.NodeName == node).ToList();
            if (pods.Count == 0)
            {
                return;
            }

            var words = string.Join("; ", pods.OrderBy(each => each.Metadata.Name, StringComparer.Ordinal).Select(each => Progress(each, session.Now)));
            if (words != said)
            {
                session.Terminal.Note((said = words) + await PeopleAsync(session, pods, cancellation).ConfigureAwait(false));
            }

            await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static async Task<string> PeopleAsync(Session session, List<V1Pod> pods, CancellationToken cancellation)
    {
        var names = pods.Select(each => each.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var instances = (await session.Api.ListAsync<SfuCluster>(session.Namespace, cancellation).ConfigureAwait(false))
            .SelectMany(cluster => cluster.Status?.Instances ?? []).Where(each => names.Contains(each.Name)).ToList();
        return $" ({Words.Count(instances.Sum(each => each.Rooms), "room", "rooms")}, {Words.Count(instances.Sum(each => each.Participants), "person", "people")} left)";
    }

    private static string Progress(V1Pod pod, DateTimeOffset now)
    {
        var name = pod.Metadata.Name;
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return $"{name} is empty and ends";
        }

        if (PodAnnotations.Time(pod, PodAnnotations.ReconnectAsked) is not null)
        {
            return $"{name}: its deadline is over, its people were asked to connect elsewhere";
        }

        // Said in minutes, so that it is not news each second.
        return PodAnnotations.Time(pod, PodAnnotations.DrainDeadline) is { } deadline
            ? $"{name} is being emptied, within {Math.Max(1, (int)Math.Ceiling((deadline - now).TotalMinutes))} min"
            : $"{name} waits for its turn";
    }

    private static bool IsOfFleet(V1Pod pod) =>
        pod.Metadata.Labels is { } labels && labels.TryGetValue(ResourceLabels.ManagedBy, out var manager) && manager == ResourceLabels.OperatorName;
}
