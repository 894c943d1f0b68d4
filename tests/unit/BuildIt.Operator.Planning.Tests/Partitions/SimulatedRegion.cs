using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>The pods of a region as Kubernetes has them, and the rooms that people want.</summary>
internal sealed class SimulatedRegion(FakeTimeProvider time, SimulatedRegistry registry, Random random)
{
    public const int Size = 3;

    private readonly List<SimulatedPod> _pods = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public IReadOnlyList<RoomId> Rooms { get; } = [.. Enumerable.Range(0, 4).Select(i => new RoomId($"room-{i}"))];

    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Pods whose objects exist.</summary>
    public IReadOnlyList<SimulatedPod> Pods => [.. _pods.Where(pod => !pod.Gone)];

    /// <summary>Processes, also those whose pod nobody knows any more.</summary>
    public IReadOnlyList<SimulatedNode> Nodes => [.. _pods.Select(pod => pod.Node)];

    public void Create(string name)
    {
        Assert.True(_names.Add(name), $"the name {name} was used before");
        _pods.Add(new SimulatedPod(new SimulatedNode(name, time, registry, random), time.GetUtcNow()));
    }

    /// <summary>Deletes a pod. Its process ends when its kubelet hears of it.</summary>
    public void Delete(string name) => _pods.Find(pod => pod.Node.Name == name && !pod.Gone)!.Deleted = true;

    public void Step()
    {
        foreach (var pod in _pods)
        {
            pod.Node.Step();
            if (pod is { Deleted: true, Gone: false } && pod.Node.SeenByKubernetes)
            {
                pod.Node.Die();
                pod.Gone = true;
            }
        }

        // Whoever is dead and gone is of no more interest.
        _pods.RemoveAll(pod => pod is { Gone: true, Node.DiedAt: not null });
    }
}

/// <summary>One pod as Kubernetes has it.</summary>
internal sealed class SimulatedPod(SimulatedNode node, DateTimeOffset createdAt)
{
    private static readonly TimeSpan KubeletDelay = TimeSpan.FromSeconds(2);

    public SimulatedNode Node => node;

    public DateTimeOffset CreatedAt => createdAt;

    public bool Deleted { get; set; }

    public bool Gone { get; set; }

    /// <summary>A kubelet that can say so tells of a process that has ended, and of one that does not answer its own probe.</summary>
    public bool SaidToHaveFailed(DateTimeOffset now) => node.SeenByKubernetes && now - node.DiedAt > KubeletDelay;

    public bool SaidToBeReady(DateTimeOffset now) =>
        now - createdAt > KubeletDelay && !SaidToHaveFailed(now) && !(node.SeenByKubernetes && now - node.PausedAt > KubeletDelay);
}
