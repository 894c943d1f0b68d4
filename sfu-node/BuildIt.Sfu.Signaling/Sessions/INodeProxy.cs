using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>Passes a request or WebSocket on to the node that serves its room.</summary>
public interface INodeProxy
{
    /// <summary>Forwards <paramref name="context"/> as it is to the same path of <paramref name="node"/> and relays the answer.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="node">Base address of the other node.</param>
    /// <param name="moved">
    /// Completes when another node serves the room. A client whose node is lost during a call stays connected until then, and is
    /// asked to join anew.
    /// </param>
    /// <param name="span">Ends when the client is connected to the other node.</param>
    /// <returns>False when the node does not answer, or says that it cannot now: the client has got no answer yet.</returns>
    Task<bool> ForwardAsync(HttpContext context, Uri node, Func<CancellationToken, Task> moved, Activity? span = null);
}

/// <summary>A node that stands alone has nobody to pass requests on to.</summary>
public sealed class NoNodeProxy : INodeProxy
{
    public Task<bool> ForwardAsync(HttpContext context, Uri node, Func<CancellationToken, Task> moved, Activity? span = null) => Task.FromResult(false);
}
