using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Planning.Model;

/// <summary>
/// The highest (or lowest) value wanted within a window of time. Only values that may still become the extreme are kept, so
/// it stays small however often a fleet is planned.
/// </summary>
[JsonConverter(typeof(Json))]
public sealed class SlidingExtreme
{
    public static readonly SlidingExtreme Empty = new([]);

    private readonly Sample[] _samples;

    private SlidingExtreme(Sample[] samples) => _samples = samples;

    /// <summary>How many values are kept.</summary>
    public int Count => _samples.Length;

    /// <summary>The extreme; null when nothing was added.</summary>
    public int? Value => _samples.Length == 0 ? null : _samples[0].Pods;

    /// <summary>When the extreme will be forgotten, given the window; null when nothing newer would replace it.</summary>
    internal DateTimeOffset? ChangesAt(TimeSpan window) => _samples.Length < 2 ? null : _samples[0].LastAt + window;

    /// <summary>Adds what is wanted now and forgets what is older than <paramref name="window"/>.</summary>
    internal SlidingExtreme Add(DateTimeOffset now, int pods, TimeSpan window, bool highest)
    {
        var oldest = now - window;
        var first = 0;
        while (first < _samples.Length && _samples[first].LastAt <= oldest)
        {
            first++;
        }

        var last = _samples.Length;
        while (last > first && (highest ? _samples[last - 1].Pods <= pods : _samples[last - 1].Pods >= pods))
        {
            last--;
        }

        var kept = new Sample[last - first + 1];
        Array.Copy(_samples, first, kept, 0, last - first);
        kept[^1] = new Sample(now, pods);
        return new SlidingExtreme(kept);
    }

    private readonly record struct Sample(DateTimeOffset LastAt, int Pods);

    /// <summary>Written as the values that are kept, so that a plan can be made again elsewhere.</summary>
    private sealed class Json : JsonConverter<SlidingExtreme>
    {
        public override SlidingExtreme Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<Sample[]>(ref reader, options) ?? []);

        public override void Write(Utf8JsonWriter writer, SlidingExtreme value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value._samples, options);
    }
}
