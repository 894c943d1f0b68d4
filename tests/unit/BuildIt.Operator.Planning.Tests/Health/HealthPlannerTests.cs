using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Health;

public sealed class HealthPlannerTests
{
    private static readonly InstanceObservation Well = Given.Pod("well");

    [Theory]
    [InlineData(1, 0, Liveness.Alive)]
    [InlineData(5, 0, Liveness.Alive)]
    [InlineData(6, 0, Liveness.Suspect)]
    [InlineData(6, 1, Liveness.Suspect)]
    [InlineData(6, 2, Liveness.Dead)]
    [InlineData(1, 2, Liveness.Suspect)]
    [InlineData(1, 1, Liveness.Alive)]
    public void Two_witnesses_make_a_death(int heartbeatAge, int probeFailures, Liveness expected)
    {
        var pod = Given.Pod("pod") with
        {
            LastHeartbeat = Given.Now.AddSeconds(-heartbeatAge),
            ProbeFailures = probeFailures,
            ProbeFailingSince = probeFailures > 0 ? Given.Now.AddSeconds(-probeFailures) : null,
        };

        Assert.Equal(expected, Judge(pod, Well, Given.Pod("other")));
    }

    [Fact]
    public void Kubernetes_alone_makes_a_death()
    {
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod") with { NodeGone = true }, Well));
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod") with { Phase = PodPhase.Failed }, Well));
    }

    [Fact]
    public void A_pod_whose_process_ended_is_given_time_to_start_it_again()
    {
        var ended = Given.Pod("pod") with { ProcessEnded = true, ReadySince = null };
        Assert.Equal(Liveness.Restarting, Judge(ended, Well));
        Assert.Empty(FleetPlanner.Plan(Given.Fleet(Given.Spec(min: 2), ended, Well) with { Memory = Given.Memory(2) }, Given.Now).Actions);

        // Also where all ended at once: that is known, not suspected.
        Assert.Equal(Liveness.Restarting, Judge(ended, Well with { ProcessEnded = true, ReadySince = null }));
        Assert.Equal(Liveness.Dead, Judge(ended.Silent(), Well));
        Assert.Equal(Liveness.Dead, Judge(ended.Silent(), Well with { ProcessEnded = true, ReadySince = null }));
    }

    [Fact]
    public void A_registry_that_is_away_is_no_witness()
    {
        var observed = Given.Fleet(Given.Spec(), Given.Pod("pod").Silent(), Well) with { RegistryReachableSince = null };

        Assert.Equal(Liveness.Suspect, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    [Fact]
    public void A_registry_that_came_back_gives_the_nodes_time_to_write()
    {
        var observed = Given.Fleet(Given.Spec(), Given.Pod("pod").Silent(), Well) with { RegistryReachableSince = Given.Now.AddSeconds(-3) };

        Assert.Equal(Liveness.Suspect, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    /// <summary>The leader's machine died with the pod: whoever leads now has never heard it.</summary>
    [Fact]
    public void The_silence_of_a_pod_that_only_an_operator_before_heard_counts_from_when_the_registry_could_be_read()
    {
        var pod = NeverHeard("pod");
        foreach (var orphan in (InstanceObservation[])[pod, pod with { ReadySince = null, HasServed = true }])
        {
            var observed = Given.Fleet(Given.Spec(2), orphan, Well) with { RegistryReachableSince = Given.Now.AddSeconds(-4) };
            var decision = FleetPlanner.Plan(observed, Given.Now);
            Assert.Equal(Liveness.Suspect, decision.Verdicts[0].Liveness);
            Assert.Equal(Given.Now.AddSeconds(1).AddMilliseconds(1), decision.NextDeadline);

            var later = Given.Now.AddSeconds(2);
            observed = Given.Fleet(Given.Spec(2), orphan, Well with { LastHeartbeat = later }) with { RegistryReachableSince = Given.Now.AddSeconds(-4) };
            decision = FleetPlanner.Plan(observed, later);
            Assert.Equal(Liveness.Dead, decision.Verdicts[0].Liveness);
            Assert.Contains(decision.Actions, action => action is { Kind: InstanceActionKind.Delete, Instance: "pod" });
        }
    }

    [Fact]
    public void When_a_new_operator_hears_nobody_it_doubts_itself()
    {
        var decision = FleetPlanner.Plan(
            Given.Fleet(Given.Spec(2), NeverHeard("a"), NeverHeard("b")) with { RegistryReachableSince = Given.Now.AddSeconds(-10) }, Given.Now);

        Assert.All(decision.Verdicts, verdict => Assert.Equal(Liveness.Suspect, verdict.Liveness));
        Assert.Empty(decision.Actions);
    }

    /// <summary>Nobody is on it, and the next one would fare no better: the way to it may never have been there.</summary>
    [Fact]
    public void A_pod_that_became_ready_under_our_eyes_and_never_spoke_is_not_replaced_again_and_again()
    {
        var mute = NeverHeard("mute") with { ReadySince = Given.Now.AddMinutes(-30), CreatedAt = Given.Now.AddMinutes(-31) };
        var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(2), mute, Well), Given.Now);

        Assert.Equal(Liveness.Suspect, decision.Verdicts[0].Liveness);
        Assert.Contains("never", decision.Verdicts[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pod_that_starts_is_starting_whatever_the_probe_says()
    {
        var starting = Given.Starting("pod") with { Phase = PodPhase.Running, ProbeFailures = 4, ProbeFailingSince = Given.Now.AddSeconds(-4) };
        Assert.Equal(new InstanceVerdict("pod", Liveness.Starting, "it has not reported yet"), Verdict(starting, Well));

        // Its first heartbeat and the kubelet's word come before the next probe.
        Assert.Equal(Liveness.Starting, Judge(starting with { LastHeartbeat = Given.Now }, Well));
        var ready = starting with { LastHeartbeat = Given.Now, ReadySince = Given.Now.AddSeconds(-1) };
        Assert.Equal(Liveness.Starting, Judge(ready, Well));
        Assert.Equal(Liveness.Suspect, Judge(ready with { ReadySince = Given.Now - HealthPolicy.FirstAnswer }, Well));
        Assert.Equal(Liveness.Suspect, Judge(ready with { ProbeAnswered = true }, Well));
    }

    [Fact]
    public void What_is_said_of_a_suspect_is_true()
    {
        var failing = Given.Pod("pod") with { ProbeFailures = 3, ProbeFailingSince = Given.Now.AddSeconds(-3), ProbeAnswered = true };
        Assert.Equal("the probe fails, but its heartbeat arrives", Verdict(failing, Well).Reason);

        var unread = Given.Fleet(Given.Spec(), failing with { LastHeartbeat = Given.Now.AddSeconds(-30) }, Well) with { RegistryReachableSince = null };
        Assert.Equal("the probe fails, and the registry cannot be read", FleetPlanner.Plan(unread, Given.Now).Verdicts[0].Reason);

        var justRead = unread with { RegistryReachableSince = Given.Now.AddSeconds(-1) };
        Assert.Equal("the probe fails, and its heartbeat is waited for", FleetPlanner.Plan(justRead, Given.Now).Verdicts[0].Reason);

        var expired = Given.Pod("pod") with { LastHeartbeat = Given.Now.AddSeconds(-6) };
        Assert.Equal("its heartbeat has expired, but the probe answers", Verdict(expired with { ProbeAnswered = true }, Well).Reason);
        Assert.Equal("its heartbeat has expired, and the probe has not failed for long enough yet", Verdict(expired, Well).Reason);
    }

    /// <summary>Redis died on the same machine, so that nobody's heartbeat arrives; the kubelet there is silent too.</summary>
    [Fact]
    public void Where_the_registry_cannot_be_read_the_kubelet_and_the_probe_are_the_two_witnesses()
    {
        var pod = Given.Pod("pod") with { ProbeFailures = 3, ProbeFailingSince = Given.Now.AddSeconds(-3), LastHeartbeat = Given.Now.AddSeconds(-45), ProbeAnswered = true };
        var other = Well with { LastHeartbeat = Given.Now.AddSeconds(-45), ProbeAnswered = true };
        Assert.Equal(Liveness.Suspect, Unread(pod).Liveness);
        Assert.Equal((Liveness.Dead, "Kubernetes does not hear from its node and the probe fails"), (Unread(pod with { NodeSilent = true }).Liveness, Unread(pod with { NodeSilent = true }).Reason));
        Assert.Equal(Liveness.Dead, Unread(pod with { NodeSilent = true, ReadySince = null }).Liveness);

        // A new leader has heard nobody, and may never have reached the registry.
        Assert.Equal(Liveness.Dead, Unread(pod with { NodeSilent = true, ProbeAnswered = false, LastHeartbeat = null, AssignedRooms = 1, HasServed = true }).Liveness);

        // The kubelet alone is one witness.
        Assert.Equal(Liveness.Suspect, Unread(pod with { NodeSilent = true, ProbeFailures = 0, ProbeFailingSince = null }).Liveness);

        // All of them at once: whoever looks is more likely to be cut off.
        var all = Given.Fleet(Given.Spec(2), pod with { NodeSilent = true }, pod with { Name = "second", NodeSilent = true }) with { RegistryReachableSince = null };
        Assert.All(FleetPlanner.Plan(all, Given.Now).Verdicts, verdict => Assert.Equal(Liveness.Suspect, verdict.Liveness));
        Assert.Empty(FleetPlanner.Plan(all, Given.Now).Actions);

        InstanceVerdict Unread(InstanceObservation instance) =>
            FleetPlanner.Plan(Given.Fleet(Given.Spec(2), instance, other) with { RegistryReachableSince = null }, Given.Now).Verdicts[0];
    }

    [Fact]
    public void A_heartbeat_that_arrives_outweighs_a_kubelet_that_does_not()
    {
        var pod = Given.Pod("pod") with { NodeSilent = true, ProbeAnswered = true };
        Assert.Equal(Liveness.Suspect, Judge(pod, Well));
        Assert.Equal(Liveness.Suspect, Judge(pod with { ProbeFailures = 5, ProbeFailingSince = Given.Now.AddSeconds(-5) }, Well));

        // One that is still starting there is starting.
        Assert.Equal(Liveness.Starting, Judge(Given.Starting("new") with { NodeSilent = true }, Well));
    }

    [Fact]
    public void A_dead_pod_is_deleted_and_replaced_in_one_plan()
    {
        var spec = Given.Spec(min: 3);
        var decision = FleetPlanner.Plan(
            Given.Fleet(spec, Given.Pod("dead", 20, 2).Silent(), Given.Pod("b"), Given.Pod("c")) with { Memory = Given.Memory(3) }, Given.Now);

        Assert.Equal([InstanceActionKind.Delete, InstanceActionKind.Create], decision.Actions.Select(action => action.Kind));
        Assert.Equal("dead", decision.Actions[0].Instance);
    }

    [Fact]
    public void When_all_fall_silent_nothing_is_changed()
    {
        var spec = Given.Spec(min: 3);
        var decision = FleetPlanner.Plan(
            Given.Fleet(spec, Given.Pod("a", 20, 2).Silent(), Given.Pod("b").Silent()) with { Memory = Given.Memory(3) }, Given.Now);

        Assert.Empty(decision.Actions);
        Assert.All(decision.Verdicts, verdict => Assert.Equal(Liveness.Suspect, verdict.Liveness));
        var degraded = decision.Status.Conditions.Single(condition => condition.Type == "Degraded");
        Assert.True(degraded.Status);
        Assert.Equal("FleetSilent", degraded.Reason);
    }

    [Fact]
    public void The_first_to_be_heard_again_does_not_condemn_the_others()
    {
        var spec = Given.Spec(min: 2);
        var silent = FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a").Silent(), Given.Pod("b").Silent()), Given.Now);
        var later = Given.Now.AddSeconds(1);
        var observed = Given.Fleet(spec, Given.Pod("a") with { LastHeartbeat = later }, Given.Pod("b").Silent()) with { Memory = silent.Memory };

        var decision = FleetPlanner.Plan(observed, later);
        Assert.Equal(Liveness.Suspect, decision.Verdicts[1].Liveness);

        var muchLater = later + HealthPolicy.Recovery;
        observed = Given.Fleet(spec, Given.Pod("a") with { LastHeartbeat = muchLater }, Given.Pod("b").Silent()) with { Memory = decision.Memory };
        Assert.Equal(Liveness.Dead, FleetPlanner.Plan(observed, muchLater).Verdicts[1].Liveness);
    }

    /// <summary>The way to all of them is cut at one moment; each was last heard, and last answered, at a moment of its own.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public void Those_who_fall_silent_together_are_not_condemned_one_by_one(int pods)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var heard = Enumerable.Range(0, pods).Select(_ => Given.Now.AddSeconds(-2.2 * random.NextDouble())).ToArray();
            var failing = Enumerable.Range(0, pods).Select(_ => Given.Now.AddSeconds(3 * random.NextDouble())).ToArray();
            ScalingMemory? memory = null;
            for (var now = Given.Now; now < Given.Now.AddSeconds(30); now = now.AddMilliseconds(100))
            {
                var observed = Enumerable.Range(0, pods).Select(i => Given.Pod($"pod-{i}") with
                {
                    LastHeartbeat = heard[i],
                    ProbeFailingSince = failing[i] <= now ? failing[i] : null,
                    ProbeFailures = failing[i] <= now ? 1 + (int)(now - failing[i]).TotalSeconds : 0,
                });
                var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(pods, pods), [.. observed]) with { Memory = memory }, now);
                memory = decision.Memory;
                Assert.True(
                    decision.Verdicts.All(verdict => verdict.Liveness is not Liveness.Dead) && decision.Actions.Count == 0,
                    $"seed {seed}, {now - Given.Now} after the cut: {string.Join(", ", decision.Verdicts)}");
            }
        }
    }

    /// <summary>One of them dies and the others go on: the verdict waits for nothing but the two witnesses.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public void One_that_falls_silent_alone_is_dead_as_soon_as_both_witnesses_say_so(int pods)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var last = Given.Now.AddSeconds(-random.NextDouble());
            var failing = Given.Now.AddSeconds(2.5 * random.NextDouble());
            var phases = Enumerable.Range(0, pods).Select(_ => 2 * random.NextDouble()).ToArray();
            var now = Given.Now;
            while (DecideAt(now).Verdicts[0].Liveness is not Liveness.Dead)
            {
                // As the operator does: at the next deadline, and when a probe has something new to say.
                var next = DecideAt(now).NextDeadline ?? now.AddSeconds(1);
                now = next < now.AddSeconds(1) ? next : now.AddSeconds(1);
                Assert.True(now < Given.Now.AddSeconds(20), $"seed {seed}: it never dies");
            }

            var sure = new[] { last + HealthPolicy.HeartbeatExpiry, failing + HealthPolicy.ProbeSilence }.Max();
            Assert.True(now - sure <= TimeSpan.FromMilliseconds(50), $"seed {seed}: it took {now - last}, {now - sure} too long");

            FleetDecision DecideAt(DateTimeOffset at) => FleetPlanner.Plan(
                Given.Fleet(Given.Spec(pods, pods), [.. Enumerable.Range(0, pods).Select(i => Given.Pod($"pod-{i}") with
                {
                    LastHeartbeat = i == 0 ? last : at.AddSeconds(-phases[i]),
                    ProbeFailingSince = i == 0 && failing <= at ? failing : null,
                    ProbeFailures = i == 0 && failing <= at ? 1 + (int)(at - failing).TotalSeconds : 0,
                })]),
                at);
        }
    }

    [Fact]
    public void Of_two_that_fall_silent_one_after_the_other_the_first_is_dead_and_the_last_is_doubted()
    {
        var first = Given.Pod("first").Silent() with { LastHeartbeat = Given.Now.AddSeconds(-9.5) };
        var observed = Given.Fleet(Given.Spec(2), first, Given.Pod("last") with { LastHeartbeat = Given.Now.AddSeconds(-4.5) });
        Assert.Equal([Liveness.Dead, Liveness.Alive], FleetPlanner.Plan(observed, Given.Now).Verdicts.Select(verdict => verdict.Liveness));

        observed = Given.Fleet(Given.Spec(2), Given.Pod("last").Silent());
        Assert.Equal(Liveness.Suspect, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    [Fact]
    public void One_that_nobody_outlived_is_dead_when_the_kubelet_agrees_and_looked_at_again_until_then()
    {
        var other = Given.Pod("other") with { LastHeartbeat = Given.Now.AddSeconds(-4.9) };
        var observed = Given.Fleet(Given.Spec(2), Given.Pod("pod").Silent(), other);
        var decision = FleetPlanner.Plan(observed, Given.Now);
        Assert.Equal(Liveness.Suspect, decision.Verdicts[0].Liveness);
        Assert.Contains("nobody else has been heard since", decision.Verdicts[0].Reason, StringComparison.Ordinal);
        Assert.True(decision.NextDeadline - Given.Now <= HealthPolicy.Recheck);

        observed = Given.Fleet(Given.Spec(2), Given.Pod("pod").Silent() with { ReadySince = null }, other);
        Assert.Equal(Liveness.Dead, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    [Fact]
    public void A_node_whose_last_answer_may_still_count_is_not_dead()
    {
        var pod = Given.Pod("pod").Silent() with { ProbeFailures = 2, ProbeFailingSince = Given.Now.AddMilliseconds(-1200) };
        var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(2), pod, Given.Pod("other")), Given.Now);
        Assert.Equal(Liveness.Suspect, decision.Verdicts[0].Liveness);
        Assert.Equal(Given.Now.AddMilliseconds(800), decision.NextDeadline);
    }

    [Fact]
    public void The_only_pod_is_dead_when_the_kubelet_agrees()
    {
        Assert.Equal(Liveness.Suspect, Judge(Given.Pod("pod").Silent()));
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod").Silent() with { ReadySince = null }));
    }

    [Fact]
    public void A_pod_that_fails_before_it_ran_is_not_replaced_at_once()
    {
        var failed = Given.Starting("failed") with { Phase = PodPhase.Failed };
        Assert.Empty(FleetPlanner.Plan(Given.Fleet(Given.Spec(), failed), Given.Now).Actions);

        var later = failed.CreatedAt.AddSeconds(30);
        var actions = FleetPlanner.Plan(Given.Fleet(Given.Spec(), failed), later).Actions;
        Assert.Equal([InstanceActionKind.Delete, InstanceActionKind.Create], actions.Select(action => action.Kind));
    }

    private static InstanceObservation NeverHeard(string name) =>
        Given.Pod(name).Silent() with { LastHeartbeat = null, Load = null, AssignedRooms = 1, CreatedAt = Given.Now.AddHours(-3), ReadySince = Given.Now.AddHours(-2) };

    private static Liveness Judge(params InstanceObservation[] pods) => Verdict(pods).Liveness;

    private static InstanceVerdict Verdict(params InstanceObservation[] pods) =>
        FleetPlanner.Plan(Given.Fleet(Given.Spec(), pods), Given.Now).Verdicts[0];
}
