using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Admission;
using BuildIt.Operator.Runtime.Conversion;
using BuildIt.Operator.Runtime.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Webhooks;

/// <summary>
/// Answers the API server over HTTPS: at <c>/validate</c> whether an object is valid, and at <c>/convert</c>, where there are kinds with several
/// versions, what it is in another one. Runs in every replica, leading or not, and from the start: caches may need it to fill.
/// It is the last to stop (<see cref="WebhookOptions.ShutdownDelay"/>), when others lead already.
/// </summary>
public sealed partial class WebhookServer(
    WebhookOptions options,
    WebhookCertificates certificates,
    IEnumerable<IAdmissionValidator> validators,
    IEnumerable<VersionedKind> kinds,
    TimeProvider time,
    ILoggerFactory logs) : IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>Whoever connects takes a descriptor.</summary>
    private const int MaxConnections = 256;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>
    /// Objects are at most 1.5 MiB in etcd; a review holds two. The API server sends few at once, and whoever else reaches the port must not fill
    /// memory. It gives up after 10 seconds by default.
    /// </summary>
    private readonly Lane _reviews = new(AtOnce: 8, MaxBody: 4 * 1024 * 1024, TimeSpan.FromSeconds(10));

    /// <summary>
    /// A list is converted in one piece, and the API server's own cache lists 10,000 objects at once. So there is room for as many of 6 kB, and for
    /// one such list at a time. It gives up after 30 seconds.
    /// </summary>
    private readonly Lane _conversions = new(AtOnce: 1, MaxBody: 64 * 1024 * 1024, TimeSpan.FromSeconds(30));

    private readonly Dictionary<string, IAdmissionValidator> _validators = validators.ToDictionary(v => v.Kind, StringComparer.Ordinal);
    private readonly IReadOnlyList<VersionedKind> _kinds = [.. kinds];
    private readonly ILogger _log = logs.CreateLogger<WebhookServer>();
    private WebApplication? _app;
    private long _stopping;

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
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.ListenAnyIP(options.Port, listen => listen.UseHttps(https =>
                https.ServerCertificateSelector = (_, _) => certificates.Current));
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapPost("/validate", context => AnswerAsync(context, _reviews, Validate));
        if (_kinds.Count > 0)
        {
            _app.MapPost("/convert", context => AnswerAsync(context, _conversions, Convert));
        }

        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = BindingAddress.Parse(address).Port;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopping = time.GetTimestamp();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Comes when everything else of the process has stopped, and the Lease is free.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            if (options.ShutdownDelay - time.GetElapsedTime(_stopping) is { Ticks: > 0 } left)
            {
                await Task.Delay(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await _app.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().ConfigureAwait(false);
        }

        _reviews.Dispose();
        _conversions.Dispose();
    }

    private JsonObject? Validate(JsonElement review)
    {
        if (AdmissionReview.Answer(review, _validators) is not { } answer)
        {
            return null;
        }

        var kind = AdmissionReview.KindOf(review);
        RuntimeMetrics.AdmissionRequests
            .WithLabels(_validators.ContainsKey(kind) ? kind : "other", answer["response"]!["allowed"]!.GetValue<bool>() ? "allowed" : "refused")
            .Inc();
        return answer;
    }

    private JsonObject? Convert(JsonElement review)
    {
        var answer = ConversionReview.Answer(review, _kinds);
        if (answer is not null && ConversionReview.FailureIn(answer) is { } failure)
        {
            LogNotConverted(failure);
        }

        return answer;
    }

    private static async Task AnswerAsync(HttpContext context, Lane lane, Func<JsonElement, JsonObject?> answer)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(lane.Patience);
        var entered = false;
        try
        {
            await lane.Slots.WaitAsync(patience.Token).ConfigureAwait(false);
            entered = true;
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = lane.MaxBody;
            using var review = await JsonDocument.ParseAsync(context.Request.Body, Strict, patience.Token).ConfigureAwait(false);
            if (answer(review.RootElement) is not { } response)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            context.Response.ContentType = "application/json";
            await JsonSerializer.SerializeAsync(context.Response.Body, response, cancellationToken: patience.Token).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
        catch (BadHttpRequestException wrong)
        {
            // Too large, too slow, or no HTTP; whoever reaches the port can do that, and it is not worth a line.
            context.Response.StatusCode = wrong.StatusCode;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = entered ? StatusCodes.Status408RequestTimeout : StatusCodes.Status503ServiceUnavailable;
        }
        finally
        {
            if (entered)
            {
                lane.Slots.Release();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The API server could not be given an object in another version: {Problem}")]
    private partial void LogNotConverted(string problem);

    /// <summary>What one kind of request may take.</summary>
    /// <param name="AtOnce">Requests read and answered at once.</param>
    /// <param name="MaxBody">Bytes of one.</param>
    /// <param name="Patience">Time for waiting, reading and answering.</param>
    private sealed record Lane(int AtOnce, long MaxBody, TimeSpan Patience) : IDisposable
    {
        public SemaphoreSlim Slots { get; } = new(AtOnce);

        public void Dispose() => Slots.Dispose();
    }
}
