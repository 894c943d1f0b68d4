using BuildIt.KubectlSfu.Access;
using BuildIt.KubectlSfu.Output;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>What a command works with.</summary>
/// <param name="Api">The Kubernetes API.</param>
/// <param name="Operator">The operator.</param>
/// <param name="Terminal">Where answers go.</param>
/// <param name="Namespace">The namespace that is meant.</param>
/// <param name="AllNamespaces">All namespaces are meant, where that makes sense.</param>
/// <param name="Clock">The time.</param>
internal sealed record Session(KubeApi Api, OperatorApi Operator, Terminal Terminal, string Namespace, bool AllNamespaces, TimeProvider Clock) : IDisposable
{
    /// <summary>The namespace to list; null for all.</summary>
    public string? Listed => AllNamespaces ? null : Namespace;

    public DateTimeOffset Now => Clock.GetUtcNow();

    public void Dispose() => Api.Dispose();
}
