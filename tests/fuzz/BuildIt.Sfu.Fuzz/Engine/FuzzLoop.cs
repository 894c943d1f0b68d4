using System.Diagnostics;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>What a run came to.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Inputs">How many were run.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Edges">How many branches of the code under test some input reached.</param>
/// <param name="Learned">Every input that reached something new, in that order.</param>
/// <param name="Faults">By <see cref="Fault.Key"/>, the shortest input that showed each.</param>
internal sealed record FuzzReport(
    string Target, long Inputs, TimeSpan Elapsed, int Edges, IReadOnlyList<byte[]> Learned, IReadOnlyDictionary<string, (byte[] Input, Fault Fault)> Faults);

/// <summary>
/// Coverage-guided fuzzing of one target inside this process: mutates inputs that reached something new, keeps those that do so
/// again. A seed repeats a run exactly as long as code and instrumentation stay the same.
/// </summary>
internal sealed class FuzzLoop(IFuzzTarget target, ulong seed)
{
    private const int MaxFaults = 50;

    private readonly SplitMix _random = new(seed);
    private readonly CoverageMap _coverage = new();
    private readonly List<byte[]> _corpus = [];
    private readonly Dictionary<string, (byte[] Input, Fault Fault)> _faults = [];

    /// <summary>
    /// Runs until <paramref name="inputs"/> have been tried or <paramref name="time"/> is over, beginning with the seeds, the corpus
    /// and what an earlier run <paramref name="learned"/>.
    /// </summary>
    public FuzzReport Run(long inputs, TimeSpan time, IEnumerable<byte[]>? learned = null)
    {
        var mutator = new Mutator(_random, target.MaxLength, target.Dictionary);
        var started = Stopwatch.GetTimestamp();
        long done = 0;
        foreach (var input in target.Seeds.Concat(Corpus.Load(target.Name)).Concat(learned ?? []).Append([]))
        {
            Try(input, keep: true);
            done++;
        }

        while (done < inputs && _faults.Count < MaxFaults && ((done & 1023) != 0 || Stopwatch.GetElapsedTime(started) < time))
        {
            Try(mutator.Mutate(Pick(), Pick()), keep: false);
            done++;
        }

        return new FuzzReport(target.Name, done, Stopwatch.GetElapsedTime(started), _coverage.Edges, _corpus, _faults);
    }

    /// <summary>The fewest and shortest inputs (greedily) that reach every edge, then those that repeat edges in other magnitudes.</summary>
    public IReadOnlyList<byte[]> Minimize()
    {
        var kept = new List<byte[]>();
        foreach (var withMagnitude in (ReadOnlySpan<bool>)[false, true])
        {
            var covered = new HashSet<int>();
            foreach (var input in kept.ToArray())
            {
                covered.UnionWith(Trace(input, withMagnitude));
            }

            foreach (var input in _corpus.OrderBy(i => i.Length).ThenBy(i => Convert.ToHexString(i), StringComparer.Ordinal))
            {
                var before = covered.Count;
                covered.UnionWith(Trace(input, withMagnitude));
                if (covered.Count > before && kept.Count < Corpus.MaxInputs)
                {
                    kept.Add(input);
                }
            }
        }

        return kept;
    }

    // The newest inputs are where the frontier is; all others keep half of the chances.
    private byte[] Pick()
    {
        var recent = Math.Min(_corpus.Count, 16);
        return _random.Next(2) == 0
            ? _corpus[_corpus.Count - 1 - _random.Next(recent)]
            : _corpus[_random.Next(_corpus.Count)];
    }

    private void Try(ReadOnlySpan<byte> input, bool keep)
    {
        CoverageMap.Clear();
        if (Execution.Try(target, input) is { } fault)
        {
            // A fault is not a place to start from: everything after it would show it again.
            if (!_faults.TryGetValue(fault.Key, out var known) || known.Input.Length > input.Length)
            {
                _faults[fault.Key] = (input.ToArray(), fault);
            }

            return;
        }

        if (_coverage.Merge() || (keep && _corpus.Count == 0))
        {
            _corpus.Add(input.ToArray());
        }
    }

    private HashSet<int> Trace(byte[] input, bool withMagnitude)
    {
        CoverageMap.Clear();
        Execution.Try(target, input);
        return CoverageMap.Reached(withMagnitude);
    }
}
