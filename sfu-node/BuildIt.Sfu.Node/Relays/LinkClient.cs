using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>The child's side of asking for a link. Thread-safe.</summary>
public sealed class LinkClient(RelayCertificates certificates)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>Asks a parent for a link.</summary>
    /// <param name="parent">The parent's seat.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>How the parent is reached, or why there is no link, in words without addresses.</returns>
    internal async Task<(LinkAddress? Address, string? Refusal)> AskAsync(RoomSeat parent, LinkRequest request, CancellationToken cancellation)
    {
        string? refusal = "the parent does not say where it takes links";
        foreach (var endpoint in new[] { parent.Relay, parent.RelayOutside }.OfType<string>())
        {
            (var address, refusal) = await AskAsync(endpoint, parent, request, cancellation);
            if (address is not null)
            {
                return (address, null);
            }
        }

        return (null, refusal);
    }

    private async Task<(LinkAddress? Address, string? Refusal)> AskAsync(string endpoint, RoomSeat parent, LinkRequest request, CancellationToken cancellation)
    {
        if (!Uri.TryCreate($"https://{endpoint}{LinkRequest.Path}", UriKind.Absolute, out var uri))
        {
            return (null, "the address of the parent cannot be read");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = RelayIdentity.Name,
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificates.Current(),
                RemoteCertificateValidationCallback = (_, shown, _, _) => certificates.IsOf(parent, shown as X509Certificate2),
            },
        });
        try
        {
            using var content = JsonContent.Create(request, LinkJson.Default.LinkRequest);
            using var response = await http.PostAsync(uri, content, limit.Token);
            var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return ContractJson.TryRead(body, LinkJson.Default.LinkAddress, out var address)
                    ? (address, null)
                    : (null, "the parent's answer cannot be read");
            }

            return (null, ContractJson.TryRead(body, LinkJson.Default.LinkRefusal, out var refusal) ? refusal.Reason : $"the parent answered {(int)response.StatusCode}");
        }
        catch (HttpRequestException error)
        {
            return (null, error.HttpRequestError == HttpRequestError.SecureConnectionError ? "the parent's certificate is not that of the node which has the seat" : "the parent cannot be reached");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, "the parent does not answer");
        }
    }
}
