using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Metrics;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Admission;

/// <summary>
/// Keeps the webhook's certificate: in a Secret that all replicas share, replaced before it expires, and trusted by the
/// API server through the webhook configuration's caBundle. Every replica runs this; the Secret's resourceVersion decides
/// between two that act at once.
/// </summary>
public sealed partial class WebhookCertificates(ApiClient client, AdmissionOptions options, TimeProvider time, ILogger<WebhookCertificates> log)
    : BackgroundService
{
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
        if (CertificatePlan.Next(bundle, PublishedBy(configuration), options.Names, options.Lifetimes, time.GetUtcNow()) is { } next)
        {
            await StoreAsync(secret, next, cancellation).ConfigureAwait(false);
            LogRenewed(options.SecretNamespace, options.SecretName);
            return true;
        }

        if (configuration is not null)
        {
            await PublishAsync(configuration, bundle!.Authorities, cancellation).ConfigureAwait(false);
        }
        else
        {
            LogProblem($"there is no ValidatingWebhookConfiguration {options.WebhookConfiguration}; invalid objects are not refused");
        }

        Use(bundle!);
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

    private async Task PublishAsync(V1ValidatingWebhookConfiguration configuration, string authorities, CancellationToken cancellation)
    {
        var bytes = Encoding.ASCII.GetBytes(authorities);
        var changes = new JsonArray();
        for (var i = 0; i < (configuration.Webhooks?.Count ?? 0); i++)
        {
            if (configuration.Webhooks![i].ClientConfig.CaBundle?.AsSpan().SequenceEqual(bytes) != true)
            {
                changes.Add(new JsonObject
                {
                    ["op"] = "add",
                    ["path"] = $"/webhooks/{i}/clientConfig/caBundle",
                    ["value"] = Convert.ToBase64String(bytes),
                });
            }
        }

        if (changes.Count > 0)
        {
            changes.Insert(0, new JsonObject { ["op"] = "test", ["path"] = "/metadata/resourceVersion", ["value"] = configuration.Metadata.ResourceVersion });
            await client.JsonPatchAsync<V1ValidatingWebhookConfiguration>(null, configuration.Metadata.Name, changes, cancellation).ConfigureAwait(false);
            LogPublished(options.WebhookConfiguration);
        }
    }

    /// <summary>What every webhook of the configuration trusts; null when they differ or there are none.</summary>
    private static string? PublishedBy(V1ValidatingWebhookConfiguration? configuration)
    {
        var bundles = configuration?.Webhooks?.Select(w => Encoding.ASCII.GetString(w.ClientConfig.CaBundle ?? [])).Distinct().ToList();
        return bundles is [var one] ? one : null;
    }

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

    [LoggerMessage(Level = LogLevel.Information, Message = "ValidatingWebhookConfiguration {Name} trusts the webhook's CA")]
    private partial void LogPublished(string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook certificates: {Problem}")]
    private partial void LogProblem(string problem);
}
