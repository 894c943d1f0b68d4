using StackExchange.Redis;

namespace BuildIt.Operator.Registry;

/// <summary>
/// Publishes again what the objects say when a registry is found new or emptied. Called before the registry's epoch is
/// written, and again after every failure; must be idempotent.
/// </summary>
public interface IRegistryRestorer
{
    /// <param name="ns">The Kubernetes namespace whose names are to be written.</param>
    /// <param name="database">The registry.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task RestoreAsync(string ns, IDatabase database, CancellationToken cancellation);

    /// <summary>Makes what compares one registry with what it should hold, as long as it is used.</summary>
    IRegistryCheck Check(string ns);
}

/// <summary>
/// Compares what a registry holds with what it should, with every reading. Not called again before it has ended.
/// </summary>
public interface IRegistryCheck
{
    /// <returns>How much was missing or different, and is written again.</returns>
    Task<int> RunAsync(IDatabase database);
}
