using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Conversion;
using BuildIt.Operator.Runtime.Metrics;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Webhooks;

/// <summary>
/// Keeps the webhook's certificate: in a Secret that all replicas share, replaced before it expires, and trusted by the
/// API server through the caBundle of the webhook configuration, and of the definitions of kinds that are converted. Every replica
/// runs this; the Secret's resourceVersion decides between two that act at once.
/// </summary>
public sealed partial class WebhookCertificates(
    ApiClient client, WebhookOptions options, IEnumerable<VersionedKind> kinds, TimeProvider time, ILogger<WebhookCertificates> log) : BackgroundService
{
    private readonly IReadOnlyList<string> _converted = [.. kinds.Select(kind => kind.Definition)];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile X509Certificate2? _current;
    private string? _currentPem;

    /// <summary>The certificate to show now; null until the first one is there.</summary>
    public X509Certificate2? Current => _current;

    /// <summary>True when a certificate is there and the API server has been told to trust it.</summary>
    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    public Task WaitUntilReadyAsync(CancellationToken cancellation) => _ready.Task.WaitAsync(cancellation);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = options.CheckInterval;
            try
            {
                // Another pass at once when something was written: a new CA is staged in two steps.
                if (await CheckAsync(stoppingToken).ConfigureAwait(false))
                {
                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException refused) when (refused.IsConflict)
            {
                wait = TimeSpan.FromMilliseconds(200);
            }
            catch (Exception failure) when (failure is ApiException or HttpRequestException or TimeoutException or IOException)
            {
                LogProblem(failure.Message);
                wait = TimeSpan.FromSeconds(Math.Min(2, options.CheckInterval.TotalSeconds));
            }

            try
            {
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One look at everything. True when the Secret was written.</summary>
    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        var secret = await client.GetAsync<V1Secret>(options.SecretNamespace, options.SecretName, cancellation).ConfigureAwait(false);
        var bundle = CertificateBundle.FromSecretData(secret?.Data);
        var configuration = await client.GetAsync<V1ValidatingWebhookConfiguration>(null, options.WebhookConfiguration, cancellation).ConfigureAwait(false);
        var definitions = await DefinitionsAsync(cancellation).ConfigureAwait(false);
        if (CertificatePlan.Next(bundle, PublishedBy(configuration, definitions), options.Names, options.Lifetimes, time.GetUtcNow()) is { } next)
        {
            await StoreAsync(secret, next, cancellation).ConfigureAwait(false);
            LogRenewed(options.SecretNamespace, options.SecretName);
            return true;
        }

        var authorities = Encoding.ASCII.GetBytes(bundle!.Authorities);
        if (configuration is not null)
        {
            await PublishAsync(configuration, [.. Webhooks(configuration).Select((webhook, i) => ($"/webhooks/{i}/clientConfig/caBundle", webhook.ClientConfig.CaBundle))], authorities, cancellation).ConfigureAwait(false);
        }
        else
        {
            LogProblem($"there is no ValidatingWebhookConfiguration {options.WebhookConfiguration}; invalid objects are not refused");
        }

        foreach (var definition in definitions)
        {
            await PublishAsync(definition, [("/spec/conversion/webhook/clientConfig/caBundle", ClientOf(definition)!.CaBundle)], authorities, cancellation).ConfigureAwait(false);
        }

        Use(bundle);
        return false;
    }

    private async Task StoreAsync(V1Secret? secret, CertificateBundle bundle, CancellationToken cancellation)
    {
        if (secret is null)
        {
            await client.CreateAsync(
                new V1Secret
                {
                    Metadata = new V1ObjectMeta { Name = options.SecretName, NamespaceProperty = options.SecretNamespace },
                    Type = "Opaque",
                    Data = bundle.ToSecretData(),
                },
                cancellation).ConfigureAwait(false);
        }
        else
        {
            secret.Data = bundle.ToSecretData();
            await client.ReplaceAsync(secret, null, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The definitions of converted kinds that ask this webhook. There may be several installations, of which one converts for all.</summary>
    private async Task<IReadOnlyList<V1CustomResourceDefinition>> DefinitionsAsync(CancellationToken cancellation)
    {
        var definitions = new List<V1CustomResourceDefinition>();
        foreach (var name in _converted)
        {
            var definition = await client.GetAsync<V1CustomResourceDefinition>(null, name, cancellation).ConfigureAwait(false);
            if (definition is null || ClientOf(definition) is not { } asks)
            {
                LogProblem($"there is no CustomResourceDefinition {name} with a conversion webhook; its objects are not converted");
            }
            else if (options.Names.Contains(HostOf(asks)))
            {
                definitions.Add(definition);
            }
        }

        return definitions;
    }

    private async Task PublishAsync<T>(T item, IReadOnlyList<(string Path, byte[]? Bundle)> places, byte[] authorities, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        JsonArray changes =
        [
            .. places.Where(place => place.Bundle?.AsSpan().SequenceEqual(authorities) != true)
                .Select(place => new JsonObject { ["op"] = "add", ["path"] = place.Path, ["value"] = Convert.ToBase64String(authorities) }),
        ];
        if (changes.Count > 0)
        {
            changes.Insert(0, new JsonObject { ["op"] = "test", ["path"] = "/metadata/resourceVersion", ["value"] = item.Metadata.ResourceVersion });
            await client.JsonPatchAsync<T>(null, item.Metadata.Name, changes, cancellation).ConfigureAwait(false);
            LogPublished(item.Kind, item.Metadata.Name);
        }
    }

    /// <summary>What is trusted wherever the API server is told of the webhook; null when that differs or there is nothing.</summary>
    private static string? PublishedBy(V1ValidatingWebhookConfiguration? configuration, IReadOnlyList<V1CustomResourceDefinition> definitions)
    {
        var bundles = Webhooks(configuration).Select(webhook => webhook.ClientConfig.CaBundle).Concat(definitions.Select(definition => ClientOf(definition)!.CaBundle))
            .Select(bundle => Encoding.ASCII.GetString(bundle ?? [])).Distinct().ToList();
        return bundles is [var one] ? one : null;
    }

    private static IEnumerable<V1ValidatingWebhook> Webhooks(V1ValidatingWebhookConfiguration? configuration) => configuration?.Webhooks ?? [];

    /// <summary>The name by which the API server calls.</summary>
    private static string HostOf(Apiextensionsv1WebhookClientConfig client) =>
        client.Service is { } service ? $"{service.Name}.{service.NamespaceProperty}.svc" : new Uri(client.Url).Host;

    private static Apiextensionsv1WebhookClientConfig? ClientOf(V1CustomResourceDefinition definition) => definition.Spec.Conversion?.Webhook?.ClientConfig;

    private void Use(CertificateBundle bundle)
    {
        if (_currentPem != bundle.Certificate)
        {
            // The one before is left to the finalizer: a handshake may be using it.
            _current = bundle.Open();
            _currentPem = bundle.Certificate;
            RuntimeMetrics.CertificateExpiry.Set(new DateTimeOffset(_current.NotAfter.ToUniversalTime()).ToUnixTimeSeconds());
        }

        _ready.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "New webhook certificates are in Secret {Namespace}/{Name}")]
    private partial void LogRenewed(string @namespace, string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Name} trusts the webhook's CA")]
    private partial void LogPublished(string kind, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook certificates: {Problem}")]
    private partial void LogProblem(string problem);
}
