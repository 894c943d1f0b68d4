using System.Text.Json;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>What all runs of a campaign on one target came to.</summary>
/// <param name="Inputs">How many were run.</param>
/// <param name="Seconds">How long that took.</param>
/// <param name="Edges">How many branches of the code under test some input reached, as the last run counted them.</param>
/// <param name="Faults">The <see cref="Fault.Key"/> of each fault seen.</param>
internal sealed record CampaignState(long Inputs, double Seconds, int Edges, IReadOnlyList<string> Faults)
{
    public static readonly CampaignState Empty = new(0, 0, 0, []);
}

/// <summary>
/// Fuzzing that outlives its process: counts and learned inputs of each target lie in a folder and are written after every slice,
/// so a campaign may be stopped at any time and goes on where it was.
/// </summary>
internal sealed class Campaign(string folder)
{
    /// <summary>Inputs after which the state is written. What is lost when the process is killed is less than this.</summary>
    public const long Slice = 500_000;

    public CampaignState StateOf(string target) =>
        File.Exists(StateFile(target)) ? JsonSerializer.Deserialize<CampaignState>(File.ReadAllText(StateFile(target)))! : CampaignState.Empty;

    /// <summary>Goes on until the campaign has run <paramref name="inputs"/> on the target or <paramref name="time"/> is over.</summary>
    /// <param name="target">What to fuzz.</param>
    /// <param name="inputs">How many inputs in all, those of earlier runs included.</param>
    /// <param name="time">The most this run takes, checked between slices.</param>
    /// <param name="seed">Each slice derives its own from it, so that none repeats another.</param>
    /// <param name="finished">Called after each slice.</param>
    public void Continue(IFuzzTarget target, long inputs, TimeSpan time, ulong seed, Action<FuzzReport> finished)
    {
        var state = StateOf(target.Name);
        var left = time;
        while (state.Inputs < inputs && left > TimeSpan.Zero)
        {
            var loop = new FuzzLoop(target, seed + (ulong)state.Inputs);
            var report = loop.Run(Math.Min(Slice, inputs - state.Inputs), left, Corpus.ReadFile(folder, target.Name));
            state = new CampaignState(
                state.Inputs + report.Inputs, state.Seconds + report.Elapsed.TotalSeconds, report.Edges, [.. state.Faults.Union(report.Faults.Keys)]);
            left -= report.Elapsed;
            Corpus.Save(folder, target.Name, report.Learned);
            Replace(StateFile(target.Name), JsonSerializer.Serialize(state));
            finished(report);
        }
    }

    private string StateFile(string target) => Path.Combine(folder, target + ".json");

    private static void Replace(string file, string text)
    {
        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }
}
