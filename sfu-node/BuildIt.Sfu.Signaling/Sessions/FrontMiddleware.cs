using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Runs before routing: collapses the double slash that clients make of a server address ending in one, allows every origin
/// (what a request may do is decided by its token), and makes WebSockets available.
/// </summary>
internal sealed class FrontMiddleware : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(HandleAsync);
        app.UseWebSockets(new WebSocketOptions
        {
            // Clients ping every five seconds by themselves, which these put off: they find the connections of clients that are gone.
            // A timer of each connection looks four times in the shorter of the two, so short ones cost more than they are worth.
            KeepAliveInterval = TimeSpan.FromSeconds(30),
            KeepAliveTimeout = TimeSpan.FromSeconds(30),
        });
        next(app);
    };

    private static Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.Value is ['/', '/', ..] path)
        {
            context.Request.Path = "/" + path.TrimStart('/');
        }

        var request = context.Request.Headers;
        if (request.Origin.Count > 0)
        {
            var headers = context.Response.Headers;
            headers.AccessControlAllowOrigin = "*";
            if (HttpMethods.IsOptions(context.Request.Method) && request.AccessControlRequestMethod.Count > 0)
            {
                headers.AccessControlAllowMethods = "OPTIONS, HEAD, GET, POST, PATCH, DELETE";
                headers.AccessControlAllowHeaders = request.AccessControlRequestHeaders.Count > 0 ? request.AccessControlRequestHeaders : "*";
                headers.AccessControlMaxAge = "86400";
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
        }

        return next(context);
    }
}
