using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>Passes requests of a page on to the room API, as the proxy before an application does.</summary>
internal sealed class ApiForwarder : IDisposable
{
    private static readonly string[] Passed = ["Authorization", "Idempotency-Key", "Last-Event-ID"];

    private readonly HttpClient _http = new();

    public Uri? Api { get; set; }

    public async Task ForwardAsync(HttpContext context)
    {
        if (Api is not { } api)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(api, context.Request.GetEncodedPathAndQuery()));
        foreach (var name in Passed)
        {
            request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name].ToArray());
        }

        if (context.Request.ContentType is { } type)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        if (response.Headers.RetryAfter is { } later)
        {
            context.Response.Headers.RetryAfter = later.ToString();
        }

        // A stream is passed on as it comes.
        await context.Response.StartAsync(context.RequestAborted);
        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public void Dispose() => _http.Dispose();
}
