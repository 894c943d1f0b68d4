using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using BuildIt.Operator.Fleets;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// What the last picture of a fleet said of each of its pods: what there is now is compared with that, not with what is said to have
/// changed. Not safe for several threads.
/// </summary>
internal sealed class KnownPods<T>
{
    private readonly Dictionary<string, (FleetView View, T Said)> _pods = new(StringComparer.Ordinal);

    public bool IsEmpty => _pods.Count == 0;

    /// <summary>Keeps what a picture says of a pod.</summary>
    /// <param name="view">The picture.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="said">What it says.</param>
    /// <param name="before">What the last one said.</param>
    /// <returns>False when the pod is new.</returns>
    public bool Exchange(FleetView view, string pod, T said, [MaybeNullWhen(false)] out T before)
    {
        ref var kept = ref CollectionsMarshal.GetValueRefOrAddDefault(_pods, pod, out var known);
        before = kept.Said;
        kept = (view, said);
        return known;
    }

    /// <summary>Forgets the pods that a picture does not have, once all are kept that it has.</summary>
    public IReadOnlyList<(string Pod, T Said)> RemoveGone(FleetView view)
    {
        if (_pods.Count <= view.Instances.Count)
        {
            return [];
        }

        List<(string Pod, T Said)> gone = [];
        foreach (var (name, kept) in _pods)
        {
            if (!ReferenceEquals(kept.View, view))
            {
                gone.Add((name, kept.Said));
                _pods.Remove(name);
            }
        }

        return gone;
    }
}
