using System.Globalization;
using System.Text;
using BuildIt.Operator.Planning.Fleet;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>One seed from beginning to end: trouble for a while, then quiet, in which the fleet has to settle.</summary>
internal sealed class SimulationRun
{
    private const int TroubledSeconds = 200;
    private const int QuietSeconds = 900;

    private readonly int _seed;
    private readonly SimulatedFleet _fleet;
    private readonly Invariants _invariants;
    private readonly StringBuilder? _log;
    private DateTimeOffset _silentUntil;
    private DateTimeOffset _registryDownUntil;

    public SimulationRun(int seed, StringBuilder? log = null)
    {
        _seed = seed;
        _fleet = new SimulatedFleet(seed);
        _invariants = new Invariants(_fleet, seed);
        _log = log;
    }

    public void Run()
    {
        for (var second = 0; second < TroubledSeconds; second++)
        {
            _fleet.Pass();
            Load();
            Trouble();
            Step();
        }

        Settle();
    }

    private void Load()
    {
        var random = _fleet.Random;
        var crest = Math.Sin((_fleet.Now - Given.Now).TotalSeconds / 20) + 1;
        if (random.NextDouble() < 0.15 * crest)
        {
            _fleet.AddRoom(random.Next(1, 30), TimeSpan.FromSeconds(random.Next(10, 120)));
        }
    }

    private void Trouble()
    {
        var random = _fleet.Random;
        var now = _fleet.Now;
        if (_fleet.RegistryUpSince is null && _registryDownUntil <= now)
        {
            _fleet.RegistryUpSince = now;
            _invariants.Disturbed();
        }

        if (random.NextDouble() > 0.06 || _fleet.Pods.Count == 0)
        {
            return;
        }

        var pod = _fleet.Pods[random.Next(_fleet.Pods.Count)];
        var until = now + TimeSpan.FromSeconds(random.Next(3, 20));
        switch (random.Next(10))
        {
            case 0 or 1:
                pod.KilledAt ??= now;
                break;
            case 2:
                pod.HeartbeatLostUntil = until;
                break;
            case 3:
                pod.ProbeLostUntil = until;
                break;
            case 4:
                pod.Cordoned = true;
                break;
            case 5:
                _fleet.RegistryUpSince = null;
                _registryDownUntil = until;
                break;
            case 6:
                Silence(until);
                break;
            case 7:
                _fleet.Spec = _fleet.Spec with { Revision = $"r{random.Next(1, 4)}" };
                break;
            case 8:
                _fleet.Spec = _fleet.Spec with { Max = Math.Max(_fleet.Spec.Min, _fleet.Spec.Max + random.Next(-2, 3)) };
                _invariants.Respecified();
                break;
            default:
                _fleet.Memory = null;
                _invariants.Respecified();
                break;
        }

        _invariants.Disturbed();
    }

    // Everybody at once, and back one by one.
    private void Silence(DateTimeOffset until)
    {
        _silentUntil = until;
        foreach (var pod in _fleet.Pods)
        {
            var back = until + TimeSpan.FromSeconds(_fleet.Random.Next(0, 4));
            pod.HeartbeatLostUntil = back;
            pod.ProbeLostUntil = back;
        }
    }

    private void Step(bool mayCrash = true)
    {
        var decision = FleetPlanner.Plan(_fleet.Observe(), _fleet.Now);
        _invariants.CheckDecision(decision);
        Log(decision);
        _fleet.Memory = decision.Memory;
        if (mayCrash && decision.Actions.Count > 0 && _fleet.Random.Next(10) == 0)
        {
            // Killed between two writes: what was not done is not done, and nothing is remembered.
            _fleet.Apply(decision, _fleet.Random.Next(decision.Actions.Count + 1));
            _fleet.Memory = null;
            _invariants.Respecified();
        }
        else
        {
            _fleet.Apply(decision);
        }

        _fleet.TendRooms(decision);
        if (_silentUntil > _fleet.Now)
        {
            _invariants.Disturbed();
        }

        _invariants.CheckFleet(decision);
    }

    private void Settle()
    {
        _fleet.RegistryUpSince ??= _fleet.Now;
        for (var second = 0; second < QuietSeconds; second++)
        {
            _fleet.Pass();
            Step(mayCrash: false);
            if (second > 60 && second % 10 == 0 && IsSettled())
            {
                return;
            }
        }

        var decision = FleetPlanner.Plan(_fleet.Observe(), _fleet.Now);
        Assert.Fail(
            $"seed {_seed}: the fleet does not settle; {decision.Desired} pods are wanted ({decision.Reason}), and it has "
            + $"{string.Join(", ", decision.Verdicts)}; {string.Join(", ", decision.Status.Conditions)}");
    }

    private bool IsSettled()
    {
        var decision = FleetPlanner.Plan(_fleet.Observe(), _fleet.Now);
        return decision.Actions.Count == 0
            && _fleet.Pods.Count == decision.Desired
            && _fleet.Pods.All(pod => pod.Revision == _fleet.Spec.Revision && pod is { DrainStartedAt: null, IsAlive: true, Cordoned: false })
            && _fleet.Rooms.All(room => room.Instance is not null || _fleet.Spec.Max == 0);
    }

    private void Log(FleetDecision decision)
    {
        foreach (var action in decision.Actions)
        {
            _log?.Append(CultureInfo.InvariantCulture, $"{(_fleet.Now - Given.Now).TotalSeconds,4} s  want {decision.Desired,2}  {action.Kind,-9} {action.Instance}: {action.Reason}\n");
        }
    }
}
