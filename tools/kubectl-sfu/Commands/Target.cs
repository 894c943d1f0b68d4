using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>A room, a pod or a fleet that a person named.</summary>
internal sealed record Target(string Name)
{
    public SfuCluster? Fleet { get; init; }

    public ConferenceRoom? Room { get; init; }

    public V1Pod? Pod { get; init; }

    /// <summary>Finds what a name means.</summary>
    /// <exception cref="CommandFault">Nothing has the name, or several do.</exception>
    public static async Task<Target> FindAsync(Session session, string text, CancellationToken cancellation)
    {
        var (kind, name) = text.Split('/') is [var before, var after] ? (before, after) : (null, text);
        if (kind is not (null or "room" or "pod" or "fleet"))
        {
            throw new CommandFault($"{text} is none of room/NAME, pod/NAME and fleet/NAME");
        }

        var found = new Target(name)
        {
            Fleet = kind is null or "fleet" ? await session.Api.FindAsync<SfuCluster>(session.Namespace, name, cancellation).ConfigureAwait(false) : null,
            Room = kind is null or "room" ? await session.Api.FindAsync<ConferenceRoom>(session.Namespace, name, cancellation).ConfigureAwait(false) : null,
            Pod = kind is null or "pod" ? await session.Api.FindAsync<V1Pod>(session.Namespace, name, cancellation).ConfigureAwait(false) : null,
        };
        string[] kinds = [.. ((ReadOnlySpan<(string, object?)>)[("fleet", found.Fleet), ("room", found.Room), ("pod", found.Pod)]).ToArray().Where(each => each.Item2 is not null).Select(each => $"{each.Item1}/{name}")];
        return kinds.Length switch
        {
            1 => found,
            0 => throw new CommandFault($"there is no {kind ?? "fleet, room or pod"} {name} in the namespace {session.Namespace}; kubectl sfu status, rooms and top list them"),
            _ => throw new CommandFault($"{name} may be several things; write {string.Join(" or ", kinds)}"),
        };
    }
}
