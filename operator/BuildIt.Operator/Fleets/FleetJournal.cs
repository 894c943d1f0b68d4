using System.Collections.Concurrent;
using System.Globalization;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Fleets;

/// <summary>What was decided about fleets, and the whole of each one's last round.</summary>
internal sealed class FleetJournal() : DecisionJournal(1_000)
{
    /// <summary>Of a round that does more, the first so many actions are noted one by one.</summary>
    private const int ActionsNoted = 8;

    private readonly ConcurrentDictionary<ObjectKey, FleetRecord> _last = new();

    /// <summary>Notes what is new in a round.</summary>
    public void Note(ObjectKey key, FleetRecord record)
    {
        var before = _last.GetValueOrDefault(key);
        _last[key] = record;
        var decision = record.Decision;
        if (before?.Decision.Desired != decision.Desired)
        {
            Add(key, string.Create(CultureInfo.InvariantCulture, $"{decision.Desired} pods wanted"), decision.Reason, record.At);
        }

        foreach (var action in decision.Actions.Take(ActionsNoted))
        {
            Add(key, $"{action.Kind} {action.Instance}", action.Reason, record.At);
        }

        if (decision.Actions.Count > ActionsNoted)
        {
            Add(key, string.Create(CultureInfo.InvariantCulture, $"{decision.Actions.Count - ActionsNoted} further actions"), "in one round", record.At);
        }

        foreach (var condition in decision.Status.Conditions)
        {
            if (before is null ? condition.Status : !before.Decision.Status.Conditions.Any(old => (old.Type, old.Status, old.Reason) == (condition.Type, condition.Status, condition.Reason)))
            {
                Add(key, $"{condition.Type} is {condition.Status}, {condition.Reason}", condition.Message, record.At);
            }
        }
    }

    /// <summary>The last round of a fleet; null when there was none, as in a process that does not lead.</summary>
    public FleetRecord? LastOf(ObjectKey key) => _last.GetValueOrDefault(key);

    /// <summary>The fleet is gone. What was decided about it stays for a while.</summary>
    public void Forget(ObjectKey key) => _last.TryRemove(key, out _);
}
