using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>Asks for the rooms to which news of a fleet matters, and for no others.</summary>
internal sealed class RoomWaker(RoomLedgers ledgers, RoomTopologies topologies, RoomFences fences, LostEnds ends, IReconcileTrigger<ConferenceRoom> trigger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Heard> _fleets = [];

    /// <summary>A fleet's picture was renewed.</summary>
    public void Hear(FleetView view)
    {
        var ns = view.Key.Namespace;
        var refused = fences.Take(view);
        var heard = HeardOf(view);
        lock (heard)
        {
            var news = !ReferenceEquals(heard.Cluster, view.Cluster);
            heard.Cluster = view.Cluster;
            for (var i = 0; i < view.Instances.Count; i++)
            {
                news |= Hear(view, view.Instances[i], heard);
            }

            foreach (var (name, _) in heard.Pods.RemoveGone(view))
            {
                news = true;
                Wake(ns, ledgers.On(ns, name));
            }

            // A room that waits asks again by itself now and then; where something has changed it may get its pod now.
            if (news)
            {
                Wake(ns, ledgers.Waiting(ns));
            }
        }

        Wake(ns, ledgers.StrandedOf(view));
        if (view.Instances.Count == 0)
        {
            Forget(view.Key);
        }

        foreach (var (room, generation) in refused)
        {
            trigger.Enqueue(new ObjectKey(ns, room));
            _ = ends.MendAsync(new ObjectKey(ns, room), generation);
        }
    }

    /// <summary>Links between fleets of a namespace have changed.</summary>
    public void HearLinks(string ns)
    {
        foreach (var room in topologies.WithLinks(ns))
        {
            trigger.Enqueue(room);
        }
    }

    /// <summary>A registry has lost the route of a room.</summary>
    public void Lose(ObjectKey room) => trigger.Enqueue(room);

    /// <summary>It is the room's turn to have its number of people written.</summary>
    public void Call(ObjectKey room) => trigger.Enqueue(room);

    /// <summary>A node refused the route of a room.</summary>
    public void Refuse(ObjectKey room, RoomRoute believed)
    {
        fences.Refuse(room, believed);
        trigger.Enqueue(room);
    }

    /// <returns>Whether something has changed.</returns>
    private bool Hear(FleetView view, FleetInstance instance, Heard heard)
    {
        var ns = view.Key.Namespace;
        var name = instance.Observation.Name;
        var pod = new Pod(instance.Liveness, instance.Observation.IsDraining, view.Held || view.Spec.Paused, instance.Observation.Load, instance.Rooms);
        if (!heard.Pods.Exchange(view, name, pod, out var before) || (before.Liveness, before.Draining, before.Held) != (pod.Liveness, pod.Draining, pod.Held))
        {
            Wake(ns, ledgers.On(ns, name));
            return true;
        }

        if (!ReferenceEquals(before.Rooms, pod.Rooms))
        {
            foreach (var change in new ReportChanges(before.Rooms, pod.Rooms))
            {
                if (StatusFigures.Of(change.Before) != StatusFigures.Of(change.After))
                {
                    Wake(ns, change.Room, name);
                }
            }
        }

        return before.Load != pod.Load;
    }

    private void Wake(string ns, string room, string instance)
    {
        if (ledgers.IsOn(ns, room, instance))
        {
            trigger.Enqueue(new ObjectKey(ns, room));
        }
    }

    private void Wake(string ns, IReadOnlyList<string> rooms)
    {
        foreach (var room in rooms)
        {
            trigger.Enqueue(new ObjectKey(ns, room));
        }
    }

    private Heard HeardOf(FleetView view)
    {
        lock (_lock)
        {
            if (!_fleets.TryGetValue(view.Key, out var heard))
            {
                _fleets.Add(view.Key, heard = new Heard());
            }

            return heard;
        }
    }

    // A fleet without pods may be one that is gone; of another nothing is lost.
    private void Forget(ObjectKey fleet)
    {
        lock (_lock)
        {
            _fleets.Remove(fleet);
        }
    }

    /// <summary>What was last heard of a fleet.</summary>
    private sealed class Heard
    {
        public SfuCluster? Cluster { get; set; }

        public KnownPods<Pod> Pods { get; } = new();
    }

    private readonly record struct Pod(
        Liveness Liveness, bool Draining, bool Held, PodLoad? Load, IReadOnlyList<RoomReport> Rooms);

    /// <summary>What of a report matters to a room's status.</summary>
    private readonly record struct StatusFigures(long Generation, int Participants, int Publishers, bool Encrypted, bool IsEmpty, bool EverJoined, bool EndRequested, bool? Connected, int Arrivals)
    {
        public static StatusFigures Of(RoomReport? report) => report is null ? default : new(
            report.Generation, report.Participants, report.Publishers, report.EndToEndEncrypted, report.EmptySeconds is not null, report.EverJoined, report.EndRequested, report.ParentConnected, ArrivalsOf(report));

        private static int ArrivalsOf(RoomReport report)
        {
            var hash = default(HashCode);
            for (var i = 0; i < report.Arrivals.Count; i++)
            {
                hash.Add(report.Arrivals[i]);
            }

            return report.Arrivals.Count == 0 ? 0 : hash.ToHashCode();
        }
    }
}
