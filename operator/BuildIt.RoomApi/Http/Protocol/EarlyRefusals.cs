using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using BuildIt.RoomApi.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebUtilities;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace BuildIt.RoomApi.Http.Protocol;

/// <summary>
/// Some requests are refused before there is a request: a zero byte in the path, a header that cannot be read, headers without
/// end. The server answers them with a bare status and knows no way to say more. So its event about them is listened to, and
/// the answer is replaced on the connection by a problem+json, as every other refusal has.
/// </summary>
internal sealed class EarlyRefusals(DiagnosticListener events, RoomApiMetrics metrics) : IObserver<KeyValuePair<string, object?>>, IHostedService
{
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private IDisposable? _subscription;

    /// <summary>Prepares an endpoint's connections; without it they keep the server's bare answers.</summary>
    public static void Prepare(ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        var writer = new AnswerWriter(connection.Transport.Output);
        connection.Features.Set(writer);
        connection.Transport = new Pipes(connection.Transport.Input, writer);
        return next(connection);
    });

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = events.Subscribe(this, name => name == Refused);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: Refused, Value: IFeatureCollection features }
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException fault
            && features.Get<IHttpResponseFeature>() is { HasStarted: false }
            && features.Get<AnswerWriter>() is { } writer)
        {
            var problem = ProtocolFaults.Of(fault);
            metrics.Refused.WithLabels(problem.Type).Inc();
            writer.Replace(Answer(problem));
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private static byte[] Answer(ApiProblem problem)
    {
        var body = ProblemJson.Write(problem);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {problem.Status} {ReasonPhrases.GetReasonPhrase(problem.Status)}\r\nConnection: close\r\nContent-Type: {ProblemJson.MediaType}\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
