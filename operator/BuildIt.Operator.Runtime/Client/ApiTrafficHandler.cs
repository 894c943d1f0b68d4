using System.Globalization;
using BuildIt.Operator.Runtime.Metrics;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Measures every call to the Kubernetes API and tells the observers of those that change something.</summary>
public sealed class ApiTrafficHandler(TimeProvider time, IEnumerable<IApiWriteObserver> observers) : DelegatingHandler
{
    private readonly IApiWriteObserver[] _observers = [.. observers];
    private long _writes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var verb = VerbOf(request);
        var isWrite = request.Method != HttpMethod.Get && request.Method != HttpMethod.Head;
        var write = default(ApiWrite);
        if (isWrite)
        {
            write = new ApiWrite(Interlocked.Increment(ref _writes), verb, request.RequestUri?.AbsolutePath ?? string.Empty);
            foreach (var observer in _observers)
            {
                await observer.BeforeWriteAsync(write, cancellationToken).ConfigureAwait(false);
            }
        }

        var start = time.GetTimestamp();
        var code = "0";
        try
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            code = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            foreach (var observer in isWrite ? _observers : [])
            {
                await observer.AfterWriteAsync(write, cancellationToken).ConfigureAwait(false);
            }

            return response;
        }
        finally
        {
            RuntimeMetrics.ApiCalls.WithLabels(verb, code).Inc();
            RuntimeMetrics.ApiCallSeconds.WithLabels(verb).Observe(time.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static string VerbOf(HttpRequestMessage request) => request.Method.Method switch
    {
        "GET" => request.RequestUri?.Query.Contains("watch=true", StringComparison.Ordinal) == true ? "watch" : "get",
        "POST" => "create",
        "PUT" => "update",
        "DELETE" => "delete",
        "PATCH" => request.Content?.Headers.ContentType?.MediaType == ApiClient.ApplyMediaType ? "apply" : "patch",
        var other => other.ToLowerInvariant(),
    };
}
