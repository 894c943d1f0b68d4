using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>Passes a request or WebSocket on to the node that serves its room.</summary>
public interface INodeProxy
{
    /// <summary>Forwards <paramref name="context"/> as it is to the same path of <paramref name="node"/> and relays the answer.</summary>
    Task ForwardAsync(HttpContext context, Uri node);
}

/// <summary>A node that stands alone has nobody to pass requests on to.</summary>
public sealed class NoNodeProxy : INodeProxy
{
    public Task ForwardAsync(HttpContext context, Uri node)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }
}
