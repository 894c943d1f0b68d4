using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Members;

/// <summary>The instances of a fleet, sorted by what may be done with them.</summary>
internal sealed class FleetMembers
{
    /// <summary>
    /// A pod that failed before it ever ran keeps its place for so long. Its replacement would most likely fail for the same
    /// reason, and a fleet must not create pods as fast as Kubernetes can refuse them.
    /// </summary>
    public static readonly TimeSpan FailedHold = TimeSpan.FromSeconds(30);

    private FleetMembers()
    {
    }

    /// <summary>Take rooms now or will; not being drained. The current revision and all others.</summary>
    public List<Member> Serving { get; } = [];

    public List<Member> Draining { get; } = [];

    /// <summary>To be deleted whatever else is decided.</summary>
    public List<Member> Lost { get; } = [];

    public int InFlight { get; private set; }

    /// <summary>Load of all of them.</summary>
    public PodLoad Total { get; private set; }

    public static FleetMembers Sort(FleetObservation observed, FleetHealth health, DateTimeOffset now, Deadlines deadlines)
    {
        var members = new FleetMembers();
        var names = observed.CreatesInFlight.Count == 0 ? null : new HashSet<string>(observed.CreatesInFlight, StringComparer.Ordinal);
        for (var i = 0; i < observed.Instances.Count; i++)
        {
            var instance = observed.Instances[i];
            names?.Remove(instance.Name);
            var member = new Member(instance, health.Verdicts[i], instance.Revision == observed.Spec.Revision);
            if (member.Liveness is not Liveness.Leaving || instance.Phase is not PodPhase.Succeeded)
            {
                members.Total += instance.Load ?? PodLoad.None;
            }

            members.Place(member, now, deadlines);
        }

        members.InFlight = names?.Count ?? 0;
        return members;
    }

    private void Place(Member member, DateTimeOffset now, Deadlines deadlines)
    {
        var instance = member.Instance;
        switch (member.Liveness)
        {
            case Liveness.Leaving when instance.Phase is PodPhase.Succeeded:
                Lost.Add(member);
                break;
            case Liveness.Leaving:
                break;
            case Liveness.Dead when instance.Phase is PodPhase.Failed && instance.LastHeartbeat is null
                                    && instance.CreatedAt + FailedHold > now:
                deadlines.Add(instance.CreatedAt + FailedHold);
                Serving.Add(member);
                break;
            case Liveness.Dead:
                Lost.Add(member);
                break;
            default:
                (instance.IsDraining ? Draining : Serving).Add(member);
                break;
        }
    }
}

/// <summary>One instance with what is believed about it.</summary>
internal sealed record Member(InstanceObservation Instance, InstanceVerdict Verdict, bool IsCurrent)
{
    public string Name => Instance.Name;

    public Liveness Liveness => Verdict.Liveness;

    /// <summary>It takes rooms now.</summary>
    public bool IsReady => Liveness is Liveness.Alive && Instance.ReadySince is not null;

    /// <summary>Nobody can be on it: it has never reported and no room was sent there.</summary>
    public bool NeverServed => Instance.LastHeartbeat is null && !Instance.IsBusy;
}
