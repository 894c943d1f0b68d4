using System.Collections.Concurrent;
using System.Diagnostics;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;
using k8s.Models;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>Creates rooms as the room API does: all at once or at a steady rate.</summary>
internal sealed class RoomCreator(ApiClient client, string ns, RoomBenchOptions options, string prefix)
{
    private readonly ConcurrentDictionary<string, Creation> _created = new(StringComparer.Ordinal);

    /// <summary>When each creation was asked for and when it was answered, as timestamps of <see cref="Stopwatch"/>.</summary>
    public IReadOnlyDictionary<string, Creation> Created => _created;

    /// <summary>Returns the time that all creations took together.</summary>
    public async Task<TimeSpan> RunAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, options.Rooms, new ParallelOptions { MaxDegreeOfParallelism = options.Creators }, async (i, cancellation) =>
        {
            if (options.Rate > 0)
            {
                var due = TimeSpan.FromSeconds((double)i / options.Rate) - Stopwatch.GetElapsedTime(start);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due, cancellation);
                }
            }

            var name = $"{prefix}{i}";
            var asked = Stopwatch.GetTimestamp();
            await client.CreateAsync(RoomNamed(name), cancellation);
            _created[name] = new Creation(asked, Stopwatch.GetTimestamp());
        });
        return Stopwatch.GetElapsedTime(start);
    }

    private ConferenceRoom RoomNamed(string name) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns, Finalizers = options.Finalizer ? [SfuApi.Finalizer] : null },
        Spec = new ConferenceRoomSpec { ExpectedParticipants = 4, MaxParticipants = 10 },
    };
}

/// <summary>When a creation was asked for and when it was answered.</summary>
internal readonly record struct Creation(long Asked, long Answered);
