using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildIt.Testing.ControlPlane;

/// <summary>
/// One API in front of two servers: definitions, and the objects of one group, are those of a current Kubernetes' definition server; all
/// else is a whole cluster's, which may be older. Speaks HTTP on a loopback port, with every right on both. Any thread.
/// </summary>
public sealed class DefinitionSplit : IAsyncDisposable
{
    private const string Definitions = "apiextensions.k8s.io";

    private readonly WebApplication _app;
    private readonly List<HttpMessageInvoker> _ways = [];

    private DefinitionSplit(WebApplication app) => _app = app;

    /// <summary>A kubeconfig for kubectl. Removed at the end.</summary>
    public string KubeconfigPath { get; } = Path.GetTempFileName();

    /// <summary>How a client reaches it.</summary>
    public KubernetesClientConfiguration ClientConfiguration() => new() { Host = Url };

    private string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <param name="cluster">Serves all that is not definitions.</param>
    /// <param name="definitions">Serves definitions and the objects of the group.</param>
    /// <param name="group">Whose objects are with their definition.</param>
    public static async Task<DefinitionSplit> StartAsync(KubernetesCluster cluster, DefinitionServer definitions, string group)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(definitions);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var split = new DefinitionSplit(builder.Build());
        var (older, current) = (split.Way(cluster.ClientConfiguration()), split.Way(KubernetesClientConfiguration.BuildConfigFromConfigFile(definitions.KubeconfigPath)));
        split._app.Run(context => context.Request.Path == "/apis" ? TellGroupsAsync(context, older, current, Definitions, group) : PassAsync(context, IsOfDefinitions(context.Request.Path) ? current : older));
        await split._app.StartAsync();
        await File.WriteAllTextAsync(split.KubeconfigPath, $$"""
            {"apiVersion":"v1","kind":"Config","current-context":"split","clusters":[{"name":"split","cluster":{"server":"{{split.Url}}"} }],
             "users":[],"contexts":[{"name":"split","context":{"cluster":"split"} }]}
            """);
        return split;

        bool IsOfDefinitions(PathString path) => path.StartsWithSegments($"/apis/{Definitions}") || path.StartsWithSegments($"/apis/{group}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _ways.ForEach(way => way.Dispose());
        File.Delete(KubeconfigPath);
    }

    private (HttpMessageInvoker Way, string Host) Way(KubernetesClientConfiguration configuration)
    {
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        handler.SslOptions.ClientCertificates = [CertificateOf(configuration)];
        // Both servers are this test's own, on loopback.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var way = new HttpMessageInvoker(handler);
        _ways.Add(way);
        return (way, configuration.Host.TrimEnd('/'));
    }

    // A definition server by itself has no list of its groups, but describes each.
    private static async Task TellGroupsAsync(HttpContext context, (HttpMessageInvoker Way, string Host) older, (HttpMessageInvoker Way, string Host) current, params string[] groups)
    {
        var all = (await ReadAsync(older, "/apis", context.RequestAborted))!;
        foreach (var group in groups)
        {
            if (await ReadAsync(current, $"/apis/{group}", context.RequestAborted) is { } described)
            {
                var known = all["groups"]!.AsArray();
                known.RemoveAll(each => (string?)each!["name"] == group);
                known.Add(described);
            }
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(all.ToJsonString(), context.RequestAborted);
    }

    private static async Task<JsonNode?> ReadAsync((HttpMessageInvoker Way, string Host) server, string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Host + path);
        request.Headers.Accept.ParseAdd("application/json");
        using var answer = await server.Way.SendAsync(request, cancellation);
        return answer.StatusCode is HttpStatusCode.NotFound ? null : JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation));
    }

    private static X509Certificate2 CertificateOf(KubernetesClientConfiguration configuration) => configuration.ClientCertificateData is { } data
        ? X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(data)), Encoding.UTF8.GetString(Convert.FromBase64String(configuration.ClientCertificateKeyData)))
        : X509Certificate2.CreateFromPemFile(configuration.ClientCertificateFilePath, configuration.ClientKeyFilePath);

    private static async Task PassAsync(HttpContext context, (HttpMessageInvoker Way, string Host) server)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"{server.Host}{context.Request.Path}{context.Request.QueryString}");
        if (context.Request.ContentType is { } type)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        request.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToArray());
        using var answer = await server.Way.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();

        // A watch says its lines as they come.
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[16 * 1024];
        for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
