using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>Why there is no link.</summary>
/// <param name="State">How it stands: still connecting, where the parent may only not know of it yet.</param>
/// <param name="Reason">In words, without addresses.</param>
internal sealed record LinkObstacle(LinkState State, string Reason);

/// <summary>The child's side of asking for a link. Thread-safe.</summary>
public sealed class LinkClient(RelayCertificates certificates)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>Asks a parent for a link.</summary>
    /// <param name="parent">The parent's seat.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>How the parent is reached, or why there is no link.</returns>
    internal async Task<(LinkAddress? Address, LinkObstacle? Obstacle)> AskAsync(RoomSeat parent, LinkRequest request, CancellationToken cancellation)
    {
        var obstacle = new LinkObstacle(LinkState.Connecting, "the parent does not say where it takes links");
        foreach (var endpoint in new[] { parent.Relay, parent.RelayOutside }.OfType<string>())
        {
            var (address, inTheWay) = await AskAsync(endpoint, parent, request, cancellation);
            if (address is not null)
            {
                return (address, null);
            }

            obstacle = inTheWay ?? obstacle;
        }

        return (null, obstacle);
    }

    private async Task<(LinkAddress? Address, LinkObstacle? Obstacle)> AskAsync(string endpoint, RoomSeat parent, LinkRequest request, CancellationToken cancellation)
    {
        if (!Uri.TryCreate($"https://{endpoint}{LinkRequest.Path}", UriKind.Absolute, out var uri))
        {
            return (null, new LinkObstacle(LinkState.Broken, "the address of the parent cannot be read"));
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
                    : (null, new LinkObstacle(LinkState.Broken, "the parent's answer cannot be read"));
            }

            // It may have heard of the route or the order later than this node: that is no word about the path.
            var state = response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest ? LinkState.Refused : LinkState.Connecting;
            return (null, new LinkObstacle(
                state, ContractJson.TryRead(body, LinkJson.Default.LinkRefusal, out var refusal) ? refusal.Reason : $"the parent answered {(int)response.StatusCode}"));
        }
        catch (HttpRequestException error)
        {
            return (null, error.HttpRequestError == HttpRequestError.SecureConnectionError
                ? new LinkObstacle(LinkState.Refused, "the parent's certificate is not that of the node which has the seat")
                : new LinkObstacle(LinkState.Broken, "the parent cannot be reached"));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, new LinkObstacle(LinkState.Broken, "the parent does not answer"));
        }
    }
}
