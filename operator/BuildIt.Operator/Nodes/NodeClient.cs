using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using BuildIt.Operator.Api;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Nodes;

/// <summary>
/// Speaks to the nodes of one fleet over mutual TLS. Each call takes at most a second and reads at most
/// <see cref="ContractJson.MaxBytes"/>; whatever a node answers, or whether it does, a call never throws but for cancellation.
/// Any thread.
/// </summary>
internal sealed class NodeClient : IDisposable
{
    /// <summary>How long a node may take to answer.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly ControlCredentials _credentials;
    private readonly HttpClient _http;
    private readonly Func<long> _term;
    private readonly TimeProvider _time;

    /// <param name="credentials">Of the fleet.</param>
    /// <param name="term">The term in which this process leads: nodes refuse who led before.</param>
    /// <param name="time">Measures how long a node takes.</param>
    public NodeClient(ControlCredentials credentials, Func<long> term, TimeProvider time)
    {
        _credentials = credentials;
        _term = term;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = credentials.ClientOptions(),
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = 2,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),

            // A renewed certificate is noticed when a connection is made.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        })
        {
            MaxResponseContentBufferSize = ContractJson.MaxBytes,
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The node's own word of itself; null when it does not answer as that node should.</summary>
    public async Task<Heartbeat?> ProbeAsync(NodeAddress node, CancellationToken cancellation)
    {
        var heartbeat = await SendAsync(node, HttpMethod.Get, NodePaths.Probe, null, ContractJson.Default.Heartbeat, cancellation).ConfigureAwait(false);
        return heartbeat?.Node.Value == node.Instance ? heartbeat : null;
    }

    /// <summary>Begins a drain or changes one.</summary>
    /// <returns>True when the node has taken it.</returns>
    public async Task<bool> DrainAsync(NodeAddress node, DrainCommand command, CancellationToken cancellation) => await SendAsync(
        node, HttpMethod.Post, NodePaths.Drain, ContractJson.Write(command, ContractJson.Default.DrainCommand), ContractJson.Default.DrainStatus, cancellation)
        .ConfigureAwait(false) is not null;

    /// <summary>Calls a drain back.</summary>
    /// <returns>True when the node goes on.</returns>
    public async Task<bool> UndrainAsync(NodeAddress node, CancellationToken cancellation) =>
        await SendAsync(node, HttpMethod.Delete, NodePaths.Drain, null, ContractJson.Default.DrainStatus, cancellation).ConfigureAwait(false) is not null;

    /// <summary>Tells a node of a route, so that a placement takes effect at once.</summary>
    /// <returns>The newer route that it knows; null when the node has taken this one, or does not answer.</returns>
    public async Task<RoomRoute?> RouteAsync(NodeAddress node, RoomRoute route, CancellationToken cancellation)
    {
        using var response = await OpenAsync(
            node, HttpMethod.Post, NodePaths.Routes, ContractJson.Write(route, ContractJson.Default.RoomRoute), cancellation).ConfigureAwait(false);
        return response is { StatusCode: HttpStatusCode.Conflict }
            && ContractJson.TryRead(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false), ContractJson.Default.RoomRoute, out var newer)
                ? newer
                : null;
    }

    /// <summary>Says which links a node is to keep without any room on them.</summary>
    /// <returns>True when the node has taken it; a node of a release that knows no links does not.</returns>
    public async Task<bool> LinksAsync(NodeAddress node, LinkOrders orders, CancellationToken cancellation)
    {
        using var response = await OpenAsync(
            node, HttpMethod.Put, NodePaths.Links, ContractJson.Write(orders, ContractJson.Default.LinkOrders), cancellation).ConfigureAwait(false);
        return response is { IsSuccessStatusCode: true };
    }

    public void Dispose()
    {
        _http.Dispose();
        _credentials.Dispose();
    }

    private async Task<T?> SendAsync<T>(
        NodeAddress node, HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        using var response = await OpenAsync(node, method, path, body, cancellation).ConfigureAwait(false);
        if (response is not { StatusCode: HttpStatusCode.OK })
        {
            return null;
        }

        // Already in memory, within the client's bound.
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        return ContractJson.TryRead(bytes, type, out var value) ? value : null;
    }

    private async Task<HttpResponseMessage?> OpenAsync(NodeAddress node, HttpMethod method, string path, byte[]? body, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(node.BaseAddress, path));

            // Names the certificate that is expected: addresses are in none (RFC 9110, section 4.3.4).
            request.Headers.Host = ControlIdentity.Node;
            request.Headers.Add(NodePaths.TermHeader, _term().ToString(CultureInfo.InvariantCulture));
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or UriFormatException
            || Stopping.IsTimeout(failure, cancellation))
        {
            return null;
        }
    }
}

/// <summary>Where the control port of a pod is, as Kubernetes says.</summary>
/// <param name="Instance">The name that whoever answers there must have.</param>
/// <param name="Ip">The pod's address.</param>
/// <param name="Port">The pod's control port.</param>
public sealed record NodeAddress(string Instance, IPAddress Ip, int Port = NodePorts.Control)
{
    internal Uri BaseAddress { get; } = new UriBuilder("https", Ip.ToString(), Port).Uri;

    public override string ToString() => Instance;
}
