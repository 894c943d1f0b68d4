using System.Text.Json;
using BuildIt.Operator.Runtime.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Admission;

/// <summary>
/// Answers the API server's questions whether an object is valid, over HTTPS at <c>/validate</c>. Runs in every replica,
/// leading or not.
/// </summary>
public sealed class AdmissionServer(
    AdmissionOptions options, WebhookCertificates certificates, IEnumerable<IAdmissionValidator> validators, ILoggerFactory logs) : IHostedService, IAsyncDisposable
{
    /// <summary>Objects are at most 1.5 MiB in etcd; a review holds two.</summary>
    private const long MaxBodySize = 4 * 1024 * 1024;

    /// <summary>Whoever connects takes a descriptor.</summary>
    private const int MaxConnections = 256;

    /// <summary>Reviews read at once; the API server sends few, and whoever else reaches the port must not fill memory.</summary>
    private const int MaxAtOnce = 8;

    /// <summary>Time for waiting and reading: the API server gives up after as long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _slots = new(MaxAtOnce);

    private readonly Dictionary<string, IAdmissionValidator> _validators = validators.ToDictionary(v => v.Kind, StringComparer.Ordinal);
    private WebApplication? _app;

    /// <summary>The port listened on; 0 before start.</summary>
    public int Port { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodySize;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.ListenAnyIP(options.Port, listen => listen.UseHttps(https =>
                https.ServerCertificateSelector = (_, _) => certificates.Current));
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapPost("/validate", AnswerAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = BindingAddress.Parse(address).Port;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().ConfigureAwait(false);
        }

        _slots.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        JsonDocument review;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        var entered = false;
        try
        {
            await _slots.WaitAsync(patience.Token).ConfigureAwait(false);
            entered = true;
            review = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: patience.Token).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = entered ? StatusCodes.Status408RequestTimeout : StatusCodes.Status503ServiceUnavailable;
            return;
        }
        finally
        {
            if (entered)
            {
                _slots.Release();
            }
        }

        using (review)
        {
            if (AdmissionReview.Answer(review.RootElement, _validators) is not { } answer)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            var kind = AdmissionReview.KindOf(review.RootElement);
            RuntimeMetrics.AdmissionRequests
                .WithLabels(_validators.ContainsKey(kind) ? kind : "other", answer["response"]!["allowed"]!.GetValue<bool>() ? "allowed" : "refused")
                .Inc();
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted).ConfigureAwait(false);
        }
    }
}
