using System.Diagnostics;
using BuildIt.Sfu.Telemetry.Traces;
using BuildIt.Testing.Traces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BuildIt.Sfu.Telemetry.Tests.Traces;

public class ProcessTracingTests
{
    private static readonly ActivitySource Source = new("BuildIt.ProcessTracingTests");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Spans_of_ours_arrive_and_no_others(bool http)
    {
        await using var collector = await TraceCollector.StartAsync();
        var link = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        string trace;
        using (var host = await StartAsync(new TracingSettings(http ? collector.Http : collector.Grpc, http, 1)))
        {
            using var others = new ActivitySource("Somebody.Else");
            Assert.Null(others.StartActivity("theirs"));
            using (var outer = OwnSpans.Start(Source, "outer", ActivityKind.Server, default, link)!)
            {
                trace = outer.TraceId.ToHexString();
                outer.SetTag(SpanTags.Room, "a room").SetStatus(ActivityStatusCode.Error);
                using var inner = OwnSpans.Start(Source, "inner", ActivityKind.Internal, OwnSpans.Current!.Context)!;
                inner.AddEvent(new ActivityEvent("something"));
            }

            await host.StopAsync();
        }

        var inside = Assert.Single(collector.Spans, span => span.Name == "inner");
        var around = Assert.Single(collector.Spans, span => span.Name == "outer");
        Assert.Equal(2, collector.Spans.Count);
        Assert.All(collector.Spans, span => Assert.Equal((trace, "process", "pod-1"), (span.TraceId, span.Service, span.Instance)));
        Assert.Equal((around.SpanId, string.Empty), (inside.ParentId, around.ParentId));
        Assert.Equal(["something"], inside.Events);
        Assert.Equal([$"{link.TraceId.ToHexString()}-{link.SpanId.ToHexString()}"], around.Links);
        Assert.Equal("a room", around.Attributes[SpanTags.Room]);
        Assert.True(around.IsError);
    }

    [Fact]
    public async Task A_ratio_of_none_keeps_what_others_began_and_nothing_else()
    {
        await using var collector = await TraceCollector.StartAsync();
        using (var host = await StartAsync(new TracingSettings(collector.Grpc, false, 0)))
        {
            OwnSpans.Start(Source, "own", ActivityKind.Server, default)?.Dispose();
            OwnSpans.Start(Source, "part", ActivityKind.Server, OwnSpans.Read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))?.Dispose();
            OwnSpans.Start(Source, "not", ActivityKind.Server, OwnSpans.Read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))?.Dispose();
            await host.StopAsync();
        }

        Assert.Equal(["part"], collector.Spans.Select(span => span.Name));
        Assert.Equal("b7ad6b7169203331", collector.Spans[0].ParentId);
    }

    [Fact]
    public void Where_it_is_off_a_span_costs_nothing()
    {
        using var silent = new ActivitySource("BuildIt.Nobody.Listens");
        var context = OwnSpans.Read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        OwnSpans.Start(silent, "warm", ActivityKind.Server, default, context);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Assert.Null(OwnSpans.Start(silent, "nothing", ActivityKind.Server, default, context));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-and-much-more")]
    public void What_is_no_traceparent_is_none(string? text) => Assert.Equal(default, OwnSpans.Read(text));

    private static async Task<IHost> StartAsync(TracingSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddProcessTracing(settings, "process", "pod-1");
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
