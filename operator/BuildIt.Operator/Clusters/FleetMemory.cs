using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Revisions;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// What the operator remembers of a fleet from plan to plan. All of it may be lost: it saves work, and makes a fleet shrink
/// sooner. Only the run of its fleet uses it, and a fleet never runs twice at once.
/// </summary>
internal sealed class FleetMemory(string uid, TimeProvider time)
{
    private long _generation = -1;

    /// <summary>The uid of the SfuCluster; another of the same name starts with nothing.</summary>
    public string Uid { get; } = uid;

    public ScalingMemory? Scaling { get; set; }

    /// <summary>Pods that were asked for without an answer, by when.</summary>
    public Dictionary<string, DateTimeOffset> Creating { get; } = new(StringComparer.Ordinal);

    public UsedNames UsedNames { get; } = new();

    /// <summary>When each node was last told of its drain or its end, by pod uid.</summary>
    public Dictionary<string, ToldNode> Told { get; } = new(StringComparer.Ordinal);

    /// <summary>When the status was last written.</summary>
    public DateTimeOffset StatusWrittenAt { get; set; }

    /// <summary>What is said about the Secrets that the spec names; null when all are there.</summary>
    public string? MissingSecrets { get; set; }

    public DateTimeOffset SecretsCheckedAt { get; set; }

    /// <summary>Why the API server refused a pod, and until when no other is asked for; null when it did not.</summary>
    public Refusal? Refused { get; set; }

    /// <summary>What failed of the last round.</summary>
    public RoundFaults Faults { get; } = new(time);

    /// <summary>What is wrong with the spec; empty when nothing is.</summary>
    public IReadOnlyList<Fault> SpecFaults { get; private set; } = [];

    /// <summary>The revision that new pods get.</summary>
    public string Revision { get; private set; } = string.Empty;

    /// <summary>The image of new pods where the spec names none.</summary>
    public string Image { get; private set; } = string.Empty;

    /// <summary>Works out what follows from the spec and the default image alone, once for each of them.</summary>
    public void Read(SfuCluster cluster, string defaultImage)
    {
        if (_generation == cluster.Metadata.Generation && Image == defaultImage)
        {
            return;
        }

        Image = defaultImage;

        _generation = cluster.Metadata.Generation ?? 0;
        SpecFaults = ResourceValidator.Validate(cluster);
        Revision = RevisionHash.Of(cluster, defaultImage);
        SecretsCheckedAt = default;
        Refused = null;
        Faults.Clear();
    }
}

/// <summary>When a node was last told, and whether that was to send its clients away.</summary>
internal readonly record struct ToldNode(DateTimeOffset At, bool Reconnect);

/// <summary>Why a pod was refused, how many times in a row, and when to try again.</summary>
internal sealed record Refusal(string Reason, int Times, DateTimeOffset Until);

/// <summary>The names of pods that have been, up to a bound: what is forgotten then is long gone.</summary>
internal sealed class UsedNames
{
    private const int Limit = 4096;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public IReadOnlyCollection<string> All => _names;

    public void Add(string name)
    {
        if (_names.Add(name))
        {
            _order.Enqueue(name);
            if (_order.Count > Limit)
            {
                _names.Remove(_order.Dequeue());
            }
        }
    }
}
