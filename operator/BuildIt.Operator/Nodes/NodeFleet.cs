using System.Collections.Concurrent;
using k8s.Models;

namespace BuildIt.Operator.Nodes;

/// <summary>The nodes of one fleet as the operator itself reaches them. Any thread.</summary>
internal sealed class NodeFleet(Func<long> term, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, ProbedNode> _nodes = new(StringComparer.Ordinal);
    private string? _credentialsVersion;
    private volatile NodeClient? _client;

    /// <summary>Null while the fleet has no certificates yet.</summary>
    public NodeClient? Client => _client;

    public ICollection<ProbedNode> Nodes => _nodes.Values;

    public ProbeRecord RecordOf(string uid) => _nodes.TryGetValue(uid, out var node) ? node.Record : ProbeRecord.None;

    /// <summary>Takes over the fleet's authority secret. One that has not changed costs nothing.</summary>
    public void UseCredentials(V1Secret authority)
    {
        lock (_lock)
        {
            var version = $"{authority.Metadata.Uid}/{authority.Metadata.ResourceVersion}";
            if (_credentialsVersion == version || ControlCredentials.From(authority) is not { } credentials)
            {
                return;
            }

            // The one before is left to the garbage collector: calls may be using it.
            _client = new NodeClient(credentials, term, time);
            _credentialsVersion = version;
        }
    }

    /// <summary>Says which pods there are, by uid. What is known of others is forgotten.</summary>
    public void Track(IReadOnlyDictionary<string, NodeAddress> pods)
    {
        foreach (var (uid, address) in pods)
        {
            var known = _nodes.GetOrAdd(uid, _ => new ProbedNode(address));
            known.Address = address;
        }

        foreach (var uid in _nodes.Keys)
        {
            if (!pods.ContainsKey(uid))
            {
                _nodes.TryRemove(uid, out _);
            }
        }
    }

    public void Dispose() => _client?.Dispose();
}

/// <summary>One pod that is probed.</summary>
internal sealed class ProbedNode(NodeAddress address)
{
    private volatile NodeAddress _address = address;
    private volatile ProbeRecord _record = ProbeRecord.None;
    private long _dueAt;

    public NodeAddress Address
    {
        get => _address;
        set => _address = value;
    }

    public ProbeRecord Record
    {
        get => _record;
        set => _record = value;
    }

    /// <summary>When what it says was passed on last. Only one probe at a time has it.</summary>
    public DateTimeOffset ToldAt { get; set; }

    /// <summary>When the next probe is due.</summary>
    public DateTimeOffset DueAt
    {
        get => new(Interlocked.Read(ref _dueAt), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _dueAt, value.UtcTicks);
    }
}
