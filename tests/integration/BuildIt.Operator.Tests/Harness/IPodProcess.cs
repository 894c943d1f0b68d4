namespace BuildIt.Operator.Tests.Harness;

/// <summary>What runs in a pod.</summary>
internal interface IPodProcess : IAsyncDisposable
{
    /// <summary>The pod's name.</summary>
    string Name { get; }

    /// <summary>The pod's address.</summary>
    string Ip { get; }

    /// <summary>With what it has ended by itself; null while it runs.</summary>
    int? ExitCode { get; }
}
