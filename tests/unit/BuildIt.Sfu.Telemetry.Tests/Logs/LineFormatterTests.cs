using System.Diagnostics;
using System.Text.Json;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Telemetry.Tests.Logs;

public class LineFormatterTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    [Fact]
    public void Json_has_the_documented_fields()
    {
        using var line = JsonDocument.Parse(Write(LogFormat.Json));
        var root = line.RootElement;
        Assert.Equal(["Timestamp", "EventId", "LogLevel", "Category", "Message", "Exception", "State"], root.EnumerateObject().Select(member => member.Name));
        Assert.Equal("2026-01-02T03:04:05.678Z", root.GetProperty("Timestamp").GetString());
        Assert.Equal(7, root.GetProperty("EventId").GetInt32());
        Assert.Equal("Warning", root.GetProperty("LogLevel").GetString());
        Assert.Equal("a line\nand another", root.GetProperty("Message").GetString());
        Assert.Equal("room", root.GetProperty("State").GetProperty("Room").GetString());
        Assert.Equal(3, root.GetProperty("State").GetProperty("Generation").GetInt64());
        Assert.False(root.GetProperty("State").TryGetProperty("{OriginalFormat}", out _));
    }

    [Fact]
    public void Text_is_one_line() => Assert.Equal(
        "2026-01-02T03:04:05.678Z warn: Some.Category[7] a line and another System.InvalidOperationException: wrong" + Environment.NewLine, Write(LogFormat.Text));

    [Fact]
    public void A_line_within_a_span_of_ours_names_its_trace()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith(nameof(LineFormatterTests), StringComparison.Ordinal) || source.Name == "BuildIt.LineFormatterTests",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var ours = new ActivitySource("BuildIt.LineFormatterTests");
        using var others = new ActivitySource(nameof(LineFormatterTests));
        using var stranger = others.StartActivity("somebody else's");
        Assert.NotNull(stranger);
        Assert.DoesNotContain("TraceId", Write(LogFormat.Json), StringComparison.Ordinal);

        using var span = OwnSpans.Start(ours, "ours", ActivityKind.Internal, default)!;
        Assert.NotEqual(stranger.TraceId, span.TraceId);
        using var inside = others.StartActivity("inside");
        Assert.NotNull(inside);
        using var line = JsonDocument.Parse(Write(LogFormat.Json));
        Assert.Equal(span.TraceId.ToHexString(), line.RootElement.GetProperty("TraceId").GetString());
        Assert.Equal(span.SpanId.ToHexString(), line.RootElement.GetProperty("SpanId").GetString());
        Assert.Contains($"TraceId={span.TraceId.ToHexString()}", Write(LogFormat.Text), StringComparison.Ordinal);
    }

    private static string Write(LogFormat format)
    {
        using var writer = new StringWriter();
        var state = new List<KeyValuePair<string, object?>> { new("Room", "room"), new("Generation", 3L), new("{OriginalFormat}", "{Room} {Generation}") };
        new LineFormatter(format, Time).Write(
            new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
                LogLevel.Warning, "Some.Category", new EventId(7), state, new InvalidOperationException("wrong"), (_, _) => "a line\nand another"),
            null,
            writer);
        return writer.ToString();
    }
}
