using BuildIt.Operator.Planning.Members;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Rollout;

namespace BuildIt.Operator.Planning.Instances;

/// <summary>Decides which pods are created, drained, called back and deleted, given how many there should be.</summary>
internal sealed class InstancePlanner(FleetObservation observed, FleetMembers members, DateTimeOffset now, Deadlines deadlines)
{
    private readonly List<InstanceAction> _actions = [];
    private readonly FleetSpec _spec = observed.Spec;
    private int _drains = members.Draining.Count;

    public RolloutDecision Rollout { get; private set; }

    public IReadOnlyList<InstanceAction> Plan(int desired, string why)
    {
        foreach (var member in members.Lost)
        {
            _actions.Add(new InstanceAction(InstanceActionKind.Delete, member.Name, member.Verdict.Reason));
        }

        var draining = Progress();
        if (_spec.Deleting)
        {
            DrainAll();
            return _actions;
        }

        DrainUnwanted();
        CallBack(desired, draining, why);
        Rollout = RolloutPlanner.Plan(_spec, desired, members.Serving, members.InFlight, now, deadlines);
        Create(Rollout, why);
        Remove(desired, why);
        return _actions;
    }

    // Returns those that are still being drained and whose drain may yet be called back.
    private List<Member> Progress()
    {
        var waiting = new List<Member>();
        foreach (var member in members.Draining)
        {
            if (DrainProgress.Next(member, now, deadlines) is { } action)
            {
                _actions.Add(action);
                _drains -= action.Kind is InstanceActionKind.Delete ? 1 : 0;
            }
            else
            {
                waiting.Add(member);
            }
        }

        return waiting;
    }

    private void DrainAll()
    {
        foreach (var member in members.Serving)
        {
            Remove(member, DrainCause.Deletion, "the fleet is being deleted");
        }

        members.Serving.Clear();
    }

    // These go whether or not their successors are ready: Kubernetes or a person wants them away.
    private void DrainUnwanted()
    {
        for (var i = members.Serving.Count - 1; i >= 0; i--)
        {
            var member = members.Serving[i];
            var cause = member.Instance.NodeCordoned ? DrainCause.Cordon : member.Instance.DrainRequested ? DrainCause.Manual : DrainCause.None;
            if (cause is not DrainCause.None && MayDrain(member))
            {
                Remove(member, cause, cause is DrainCause.Cordon ? "its Kubernetes node is cordoned" : "its drain was asked for by hand");
                members.Serving.RemoveAt(i);
            }
        }
    }

    private void CallBack(int desired, List<Member> draining, string why)
    {
        var missing = desired - members.Serving.Count - members.InFlight;

        // The busiest first: its drain would have taken longest.
        draining.Sort((a, b) => RemovalOrder.Instance.Compare(b, a));
        foreach (var member in draining)
        {
            // Whoever wanted it away does not any more: if there is one too many then, the emptiest goes.
            var instance = member.Instance;
            var isUnwished = instance is { DrainCause: DrainCause.Manual, DrainRequested: false };
            if (missing <= 0 && !isUnwished)
            {
                continue;
            }

            if (!MayComeBack(instance) || !member.IsCurrent || member.Liveness is not Health.Liveness.Alive)
            {
                continue;
            }

            _actions.Add(new InstanceAction(InstanceActionKind.CallBack, member.Name, isUnwished ? "its drain was taken back by hand" : $"it is needed again: {why}"));
            members.Serving.Add(member);
            _drains--;
            missing--;
        }
    }

    // Once its cause is gone, and unless its clients were already sent away.
    private static bool MayComeBack(InstanceObservation instance) =>
        instance is { NodeCordoned: false, DrainRequested: false, ReconnectAskedAt: null }
        && instance.DrainCause is DrainCause.ScaleDown or DrainCause.Cordon or DrainCause.Manual;

    private void Create(RolloutDecision rollout, string why)
    {
        if (rollout.Create <= 0)
        {
            return;
        }

        var taken = new HashSet<string>(observed.UsedNames, StringComparer.Ordinal);
        taken.UnionWith(observed.CreatesInFlight);
        foreach (var instance in observed.Instances)
        {
            taken.Add(instance.Name);
        }

        var names = new InstanceNames(_spec.Name, observed.NameSeed, taken);
        var reason = rollout.InProgress ? $"{why}; rollout: {rollout.Reason}" : why;
        for (var i = 0; i < rollout.Create; i++)
        {
            _actions.Add(new InstanceAction(InstanceActionKind.Create, names.Next(_spec.Revision), reason) { Revision = _spec.Revision });
        }
    }

    private void Remove(int desired, string why)
    {
        var serving = members.Serving;
        var excess = serving.Count + members.InFlight - desired;
        var ready = 0;
        foreach (var member in serving)
        {
            ready += member.IsReady ? 1 : 0;
        }

        if (excess <= 0)
        {
            return;
        }

        serving.Sort(RemovalOrder.Instance);
        var removeOld = Rollout.RemoveOld;
        foreach (var member in serving)
        {
            if (excess == 0)
            {
                break;
            }

            if (!MayGo(member, ready, desired, ref removeOld) || !MayDrain(member))
            {
                continue;
            }

            excess--;
            ready -= member.IsReady ? 1 : 0;
            if (member.IsCurrent)
            {
                Remove(member, DrainCause.ScaleDown, why);
            }
            else
            {
                Remove(member, DrainCause.Rollout, $"it is of revision {member.Instance.Revision}; {_spec.Revision} takes over");
            }
        }
    }

    private bool MayGo(Member member, int ready, int desired, ref int removeOld)
    {
        // A suspect cannot be told to drain, and it may have died with everything on it.
        if (member.Liveness is Health.Liveness.Suspect or Health.Liveness.Dead)
        {
            return false;
        }

        if (!member.IsReady)
        {
            // During a rollout the new pods are not ready at first: they are the ones that are wanted.
            return !(Rollout.InProgress && member.IsCurrent);
        }

        if (ready <= desired)
        {
            return false;
        }

        if (!Rollout.InProgress)
        {
            return true;
        }

        if (member.IsCurrent || removeOld == 0)
        {
            return false;
        }

        removeOld--;
        return true;
    }

    private bool MayDrain(Member member) =>
        member.NeverServed || _spec.Drain.MaxConcurrent <= 0 || _drains < _spec.Drain.MaxConcurrent;

    private void Remove(Member member, DrainCause cause, string reason)
    {
        if (member.NeverServed)
        {
            _actions.Add(new InstanceAction(InstanceActionKind.Delete, member.Name, $"it has served nobody yet, and {reason}"));
            return;
        }

        _drains++;
        var deadline = now + _spec.Drain.Deadline;
        deadlines.Add(deadline);
        _actions.Add(new InstanceAction(InstanceActionKind.Drain, member.Name, reason)
        {
            Deadline = deadline,
            Cause = cause,
            Mode = _spec.Drain.Mode,
        });
    }
}
