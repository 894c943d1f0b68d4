using System.Buffers.Binary;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildIt.Testing.Traces;

/// <summary>Takes traces as a collector does, by OTLP over gRPC and over HTTP with protobuf, and keeps them. Any thread.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private const string GrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private const string HttpPath = "/v1/traces";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();

    private TraceCollector(WebApplication app) => _app = app;

    /// <summary>For OTLP over gRPC.</summary>
    public Uri Grpc { get; private set; } = null!;

    /// <summary>For OTLP over HTTP with protobuf.</summary>
    public Uri Http { get; private set; } = null!;

    /// <summary>What has come so far, in the order in which it came.</summary>
    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var collector = new TraceCollector(app);
        app.MapPost(GrpcPath, collector.TakeGrpcAsync);
        app.MapPost(HttpPath, collector.TakeHttpAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address)).ToList();
        (collector.Grpc, collector.Http) = (addresses[0], addresses[1]);
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeHttpAsync(HttpContext context)
    {
        Keep(await ReadAsync(context));
        context.Response.ContentType = "application/x-protobuf";
    }

    // gRPC over HTTP2: a byte that says whether the message is compressed, its length, the message; the status follows as a trailer.
    private async Task TakeGrpcAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        Keep(body[5..(5 + BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)))]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private void Keep(byte[] request)
    {
        foreach (var span in ReceivedSpan.ReadAll(request))
        {
            _spans.Enqueue(span);
        }
    }
}
