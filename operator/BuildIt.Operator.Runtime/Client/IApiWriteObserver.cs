namespace BuildIt.Operator.Runtime.Client;

/// <summary>
/// Is told of each call that changes something in the Kubernetes API. Tests use it to end the process between any two
/// writes. Called on the thread of the call; may wait or throw.
/// </summary>
public interface IApiWriteObserver
{
    /// <summary>Before the call is sent. An exception stops it.</summary>
    ValueTask BeforeWriteAsync(ApiWrite write, CancellationToken cancellation);

    /// <summary>After the answer came.</summary>
    ValueTask AfterWriteAsync(ApiWrite write, CancellationToken cancellation);
}

/// <summary>One changing call.</summary>
/// <param name="Number">Counts the process's changing calls, from 1.</param>
/// <param name="Verb">create, update, patch, apply or delete.</param>
/// <param name="Path">Path of the request.</param>
public readonly record struct ApiWrite(long Number, string Verb, string Path);
