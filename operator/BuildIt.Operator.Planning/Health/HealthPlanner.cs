using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Health;

/// <summary>Decides who is dead.</summary>
internal static class HealthPlanner
{
    public static FleetHealth Judge(FleetObservation observed, DateTimeOffset now, Deadlines deadlines)
    {
        var instances = observed.Instances;
        var witnesses = new Witnesses[instances.Count];
        var known = 0;
        var silent = 0;
        DateTimeOffset? newest = null;
        for (var i = 0; i < instances.Count; i++)
        {
            var instance = instances[i];
            witnesses[i] = Witnesses.Of(instance, observed.RegistryReachableSince, now);
            newest = newest > instance.LastHeartbeat ? newest : instance.LastHeartbeat ?? newest;
            if (!witnesses[i].IsExpected || IsLeaving(instance) || witnesses[i].KubernetesSaysGone || instance.ProcessEnded)
            {
                continue;
            }

            known++;
            silent += witnesses[i].Silent ? 1 : 0;
            deadlines.Add((witnesses[i].CountsFrom ?? now) + HealthPolicy.HeartbeatExpiry + TimeSpan.FromMilliseconds(1));
            if (instance.ProbeFailingSince is { } failing)
            {
                deadlines.Add(failing + HealthPolicy.ProbeSilence);
            }
        }

        // Where most are silent, or the only one, or all were a moment ago, the kubelet, which probes from beside the pod, has to
        // agree as a third.
        var witnessSuspect = known > 1 && silent == known;
        var silentAt = witnessSuspect ? now : observed.Memory?.SilentAt;
        var manySilent = known == 1 || silent > known / 2 || now - silentAt < HealthPolicy.Recovery;
        if (silent > 0 && silentAt is { } at)
        {
            deadlines.Add(at + HealthPolicy.Recovery);
        }

        var verdicts = new InstanceVerdict[instances.Count];
        for (var i = 0; i < instances.Count; i++)
        {
            // Those who fall silent together are noticed one after the other, and the first of them is not to be condemned meanwhile.
            var othersSpoke = newest - witnesses[i].CountsFrom > HealthPolicy.Spread;
            if (witnesses[i].Silent && !othersSpoke && !manySilent)
            {
                deadlines.Add(now + HealthPolicy.Recheck);
            }

            var doubt = manySilent ? "too many fell silent with it" : othersSpoke ? null : "nobody else has been heard since";
            var (liveness, reason) = Judge(instances[i], witnesses[i], witnessSuspect, doubt, observed.RegistryReachableSince is not null, now);
            if (liveness is Liveness.Starting && instances[i].ReadySince is { } ready)
            {
                deadlines.Add(ready + HealthPolicy.FirstAnswer);
            }

            verdicts[i] = new InstanceVerdict(instances[i].Name, liveness, reason);
        }

        return new FleetHealth(verdicts, witnessSuspect, silent, silentAt);
    }

    private static bool IsLeaving(InstanceObservation instance) => instance.Phase is PodPhase.Terminating or PodPhase.Succeeded;

    private static (Liveness Liveness, string Reason) Judge(
        InstanceObservation instance, Witnesses witnesses, bool witnessSuspect, string? doubt, bool registryAnswers, DateTimeOffset now)
    {
        if (IsLeaving(instance))
        {
            return (Liveness.Leaving, instance.Phase is PodPhase.Succeeded ? "its process has ended" : "it was deleted");
        }

        if (witnesses.KubernetesSaysGone)
        {
            return (Liveness.Dead, instance.NodeGone ? "its Kubernetes node is gone" : "Kubernetes says that it failed");
        }

        if (instance.ProcessEnded)
        {
            return witnesses.Silent
                ? (Liveness.Dead, "its process has ended and was not started again in time")
                : (Liveness.Restarting, "its process has ended; Kubernetes starts it again");
        }

        if (witnesses.Silent)
        {
            return witnessSuspect
                ? (Liveness.Suspect, "every pod of the fleet fell silent at once, so the witnesses are doubted")
                : doubt is not null && instance.ReadySince is not null && !witnesses.NodeSilent
                    ? (Liveness.Suspect, $"heartbeat and probe fail, but Kubernetes calls it ready and {doubt}")
                    : (Liveness.Dead, witnesses.Heartbeat is HeartbeatWord.Expired
                        ? "its heartbeat has expired and the probe fails"
                        : "Kubernetes does not hear from its node and the probe fails");
        }

        if (witnesses.Heartbeat is HeartbeatWord.Expired)
        {
            return (Liveness.Suspect, instance is { ProbeAnswered: true, ProbeFailures: 0 }
                ? "its heartbeat has expired, but the probe answers"
                : "its heartbeat has expired, and the probe has not failed for long enough yet");
        }

        if (witnesses.ProbeFailed && !IsNew(instance, now))
        {
            return (Liveness.Suspect, $"the probe fails, {HeartbeatOf(witnesses, registryAnswers)}");
        }

        if (witnesses.NodeSilent && (instance.HasServed || instance.LastHeartbeat is not null || instance.ReadySince is not null))
        {
            return (Liveness.Suspect, witnesses.Heartbeat is HeartbeatWord.Heard
                ? "Kubernetes does not hear from its node, but its heartbeat arrives"
                : "Kubernetes does not hear from its node, and the probe has not failed for long enough yet");
        }

        return (instance.ReadySince, witnesses.ProbeFailed) switch
        {
            (null, _) => (Liveness.Starting, instance.LastHeartbeat is null ? "it has not reported yet" : "it is not ready"),
            (_, true) => (Liveness.Starting, "it is ready and has not answered the probe yet"),
            _ => (Liveness.Alive, "heartbeat and probe are well"),
        };
    }

    // Nobody has answered the probe there because nobody was there until a moment ago.
    private static bool IsNew(InstanceObservation instance, DateTimeOffset now) =>
        !instance.ProbeAnswered && !instance.HasServed && !instance.IsDraining
        && (instance.ReadySince is not { } ready || now - ready < HealthPolicy.FirstAnswer);

    private static string HeartbeatOf(Witnesses witnesses, bool registryAnswers) => witnesses switch
    {
        { Heartbeat: HeartbeatWord.Heard } => "but its heartbeat arrives",
        _ when !registryAnswers => "and the registry cannot be read",
        { CountsFrom: null } => "and it was never heard",
        _ => "and its heartbeat is waited for",
    };
}

/// <summary>The verdicts on a fleet, in the order of its instances.</summary>
internal sealed record FleetHealth(InstanceVerdict[] Verdicts, bool WitnessSuspect, int Silent, DateTimeOffset? SilentAt);
