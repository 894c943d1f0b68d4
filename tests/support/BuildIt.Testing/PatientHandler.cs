using System.Net;

namespace BuildIt.Testing;

/// <summary>
/// Waits and asks again when the Kubernetes API is too busy (429) and says for how long in Retry-After, as it does for a
/// second or two after a definition was made or changed. Kubernetes' own clients do that; the one for .NET does not.
/// </summary>
internal sealed class PatientHandler : DelegatingHandler
{
    private const int Attempts = 30;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (attempt == Attempts || response.StatusCode is not HttpStatusCode.TooManyRequests || response.Headers.RetryAfter?.Delta is not { } pause)
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(pause, cancellationToken);
        }
    }
}
