namespace BuildIt.Sfu.Node.State;

/// <summary>Lets what has just changed in this node be told before the next heartbeat is due. Thread-safe.</summary>
public sealed class UrgentNews
{
    private volatile TaskCompletionSource _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when there is something to tell.</summary>
    public Task Raised => _raised.Task;

    /// <summary>Something has changed that cannot wait.</summary>
    public void Raise() => _raised.TrySetResult();

    /// <summary>It is told now. To be called before whatever has changed is looked at: what changes afterwards is raised anew.</summary>
    public void Take()
    {
        if (_raised.Task.IsCompleted)
        {
            _raised = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
