using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.TestClient;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// Looks many times a second at what everybody has received, and so knows for each flow of media how long nothing came. Counts whole
/// frames in order: what cannot be decrypted is no frame. Any thread.
/// </summary>
internal sealed class FlowGaps : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>A flow goes on when its last frame is not older.</summary>
    private static readonly TimeSpan Flowing = TimeSpan.FromMilliseconds(300);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<ReturningParticipant> _people;
    private readonly Dictionary<Flow, Progress> _flows = [];
    private readonly Task _loop;

    public FlowGaps(IReadOnlyList<ReturningParticipant> people)
    {
        _people = people;
        var now = TimeProvider.System.GetTimestamp();
        foreach (var to in people)
        {
            foreach (var from in people.Where(other => other != to))
            {
                _flows[new Flow(to.Identity, from.Identity, MediaKind.Audio)] = new Progress(now);
                _flows[new Flow(to.Identity, from.Identity, MediaKind.Video)] = new Progress(now);
            }
        }

        _loop = Task.Run(LookAsync);
    }

    /// <summary>The longest time that one look at everybody took: no gap is known better than that.</summary>
    public TimeSpan SlowestLook { get; private set; }

    /// <summary>Forgets the gaps until now.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            var now = TimeProvider.System.GetTimestamp();
            foreach (var flow in _flows.Values)
            {
                (flow.Longest, flow.Changed) = (TimeSpan.Zero, now);
            }

            SlowestLook = TimeSpan.Zero;
        }
    }

    /// <summary>The longest gap of each flow, the one that still lasts included.</summary>
    public IReadOnlyDictionary<Flow, TimeSpan> Longest()
    {
        lock (_lock)
        {
            return _flows.ToDictionary(flow => flow.Key, flow => flow.Value.Current > flow.Value.Longest ? flow.Value.Current : flow.Value.Longest);
        }
    }

    /// <summary>The flows in which nothing comes at present.</summary>
    /// <exception cref="Exception">Looking has failed.</exception>
    public IReadOnlyList<Flow> Still()
    {
        if (_loop.IsFaulted)
        {
            _loop.GetAwaiter().GetResult();
        }

        lock (_lock)
        {
            return [.. _flows.Where(flow => flow.Value.Frames == 0 || flow.Value.Current > Flowing).Select(flow => flow.Key)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var since = TimeProvider.System.GetTimestamp();
            foreach (var person in _people)
            {
                var frames = await person.FramesAsync();
                lock (_lock)
                {
                    foreach (var ((from, kind), count) in frames)
                    {
                        if (_flows.TryGetValue(new Flow(person.Identity, from, kind), out var flow) && count > flow.Frames)
                        {
                            flow.Longest = flow.Current > flow.Longest ? flow.Current : flow.Longest;
                            (flow.Frames, flow.Changed) = (count, TimeProvider.System.GetTimestamp());
                        }
                    }
                }
            }

            var took = TimeProvider.System.GetElapsedTime(since);
            SlowestLook = took > SlowestLook ? took : SlowestLook;
            await Task.Delay(Pause);
        }
    }

    private sealed class Progress(long since)
    {
        public long Frames { get; set; }

        public long Changed { get; set; } = since;

        public TimeSpan Longest { get; set; }

        public TimeSpan Current => TimeProvider.System.GetElapsedTime(Changed);
    }
}

/// <summary>Media of one kind from one participant to another.</summary>
internal readonly record struct Flow(string To, string From, MediaKind Kind);
