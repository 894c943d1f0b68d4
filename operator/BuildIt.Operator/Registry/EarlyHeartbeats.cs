using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Registry;

/// <summary>Nodes that have said something which cannot wait until all are read. Any thread.</summary>
internal sealed class EarlyHeartbeats
{
    /// <summary>The most that are kept: whoever comes later is read with all the others.</summary>
    private const int Most = 500;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _nodes = new(StringComparer.Ordinal);
    private TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when there are some.</summary>
    public Task Announced
    {
        get
        {
            lock (_lock)
            {
                return _announced.Task;
            }
        }
    }

    /// <summary>A node announces its heartbeat. What is no name of a node is passed over.</summary>
    public void Add(string node)
    {
        lock (_lock)
        {
            if (node.Length is > 0 and <= NodeId.MaxLength && _nodes.Count < Most && _nodes.Add(node))
            {
                _announced.TrySetResult();
            }
        }
    }

    /// <summary>Those there are, once.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_lock)
        {
            string[] nodes = [.. _nodes];
            _nodes.Clear();
            if (nodes.Length > 0)
            {
                _announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return nodes;
        }
    }
}
