using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Scaling;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>What must hold after every step, whatever happened.</summary>
internal sealed class Invariants(SimulatedFleet fleet, int seed)
{
    // Growth is decided within the delay of heartbeats, made in steps of 5 s that double the fleet, and pods start within 10 s.
    private static readonly TimeSpan Reaction = TimeSpan.FromSeconds(45);

    private readonly List<(DateTimeOffset At, int Need)> _needs = [];
    private DateTimeOffset _undisturbedSince = fleet.Now;
    private DateTimeOffset? _lastUp;
    private int? _lastDesired;
    private int _lastServing;

    /// <summary>Something happened for which the fleet may take its time again.</summary>
    public void Disturbed()
    {
        _undisturbedSince = fleet.Now;
        _needs.Clear();
    }

    /// <summary>The bounds were changed: a jump of the number of pods is what was asked for.</summary>
    public void Respecified()
    {
        Disturbed();
        _lastUp = null;
        _lastDesired = null;
    }

    /// <summary>To be called after planning and before anything is carried out.</summary>
    public void CheckDecision(FleetDecision decision)
    {
        var spec = fleet.Spec;
        Check(decision.Desired >= Math.Min(spec.Min, spec.Max) && decision.Desired <= spec.Max, $"desired {decision.Desired} is out of bounds");
        foreach (var action in decision.Actions)
        {
            Check(action.Reason.Length > 0, $"{action.Kind} of {action.Instance} has no reason");
            if (action.Kind is InstanceActionKind.Delete)
            {
                CheckDeletion(fleet.Pods.Single(pod => pod.Name == action.Instance));
            }
        }

        Check(
            decision.Actions.Select(action => action.Instance).Distinct().Count() == decision.Actions.Count,
            "two actions for one pod in one plan");
        CheckOscillation(decision);
    }

    /// <summary>To be called after everything was carried out.</summary>
    public void CheckFleet(FleetDecision decision)
    {
        var spec = fleet.Spec;
        var serving = fleet.Pods.Count(pod => pod.DrainStartedAt is null && pod.IsAlive);

        // After max was lowered those that are too many go by draining, a few at a time; but never may there be more.
        Check(
            serving <= spec.Max + spec.Rollout.SurgeOver(spec.Max) || serving <= _lastServing,
            $"{serving} pods serve and {spec.Max} are allowed");
        Check(serving <= decision.Desired + spec.Rollout.SurgeOver(decision.Desired) || serving <= _lastServing, $"{serving} pods serve and {decision.Desired} are wanted");
        _lastServing = serving;

        var participants = fleet.Rooms.Where(room => room.Instance is not null).Sum(room => room.Participants(fleet.Now));
        var rooms = fleet.Rooms.Count(room => room.Instance is not null);
        var need = LoadDemand.Of(spec, new PodLoad(rooms, participants, participants, participants, 0, 0, 0), RoomDemand.None).Pods;
        _needs.Add((fleet.Now, Math.Min(need, spec.Max)));
        _needs.RemoveAll(sample => sample.At < fleet.Now - Reaction);
        if (fleet.Now - _undisturbedSince < Reaction)
        {
            return;
        }

        var owed = _needs.Min(sample => sample.Need);
        var ready = fleet.Pods.Count(pod => pod.DrainStartedAt is null && pod.IsReady(fleet.Now));
        Check(ready >= owed, $"{ready} pods are ready and load has needed {owed} for {Reaction}");
    }

    private void CheckDeletion(SimulatedPod pod)
    {
        // A pod that cannot be heard by either witness is rightly taken for dead, whatever it may still be doing.
        var silent = pod.LastSeen is { } seen && fleet.Now - seen.At > TimeSpan.FromSeconds(5) && pod.ProbeFailures >= 2;
        var over = pod.DrainDeadline <= fleet.Now && pod.ReconnectAskedAt + DrainPolicy.ReconnectGrace <= fleet.Now;
        Check(
            !pod.IsAlive || silent || over || (fleet.Participants(pod) == 0 && fleet.Assigned(pod) == 0),
            $"{pod.Name} is deleted with {fleet.Participants(pod)} participants before its deadline");
    }

    private void CheckOscillation(FleetDecision decision)
    {
        if (_lastDesired is { } last)
        {
            if (decision.Desired > last)
            {
                _lastUp = fleet.Now;
            }
            else if (decision.Desired < last && _lastUp is { } up)
            {
                Check(
                    fleet.Now - up >= fleet.Spec.Scaling.Down.Stabilization,
                    $"shrinks to {decision.Desired} {fleet.Now - up} after it grew");
            }
        }

        _lastDesired = decision.Desired;
    }

    private void Check(bool holds, string otherwise) =>
        Assert.True(holds, $"seed {seed}, {fleet.Now - Given.Now} in: {otherwise}");
}
