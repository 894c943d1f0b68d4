using k8s.Models;

namespace BuildIt.KubectlSfu.Views;

/// <summary>An Event, which may have happened several times.</summary>
/// <param name="At">When it happened last.</param>
/// <param name="FirstAt">When it happened first.</param>
/// <param name="Type">Normal or Warning.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">The sentence.</param>
/// <param name="Times">How often it happened.</param>
internal sealed record EventRow(DateTimeOffset At, DateTimeOffset FirstAt, string Type, string Reason, string Message, int Times)
{
    /// <summary>Reads an Event of either API: that of events.k8s.io counts in a series, and its other times are those of the first.</summary>
    public static EventRow Of(Corev1Event source)
    {
        var first = source.FirstTimestamp ?? source.EventTime ?? source.LastTimestamp ?? source.Metadata.CreationTimestamp ?? DateTime.UnixEpoch;
        return new EventRow(
            Utc(source.Series?.LastObservedTime ?? source.LastTimestamp ?? source.EventTime ?? first), Utc(first), source.Type ?? "Normal",
            source.Reason ?? string.Empty, source.Message ?? string.Empty, source.Series?.Count ?? source.Count ?? 1);
    }

    private static DateTimeOffset Utc(DateTime time) => new(time.ToUniversalTime(), TimeSpan.Zero);
}
