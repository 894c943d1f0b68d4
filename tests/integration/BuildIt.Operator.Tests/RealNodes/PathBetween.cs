using System.Globalization;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// The network between nodes on loopback addresses of their own, made worse by the kernel's packet filter. Needs root. Disposing mends all.
/// </summary>
internal sealed class PathBetween : IAsyncDisposable
{
    private readonly List<string[]> _rules = [];

    /// <summary>Loses what nodes send each other as media, in both directions.</summary>
    /// <param name="one">Nodes on one side.</param>
    /// <param name="other">Nodes on the other.</param>
    /// <param name="loss">Share of the packets, up to 1 for all.</param>
    public async Task LoseAsync(IEnumerable<NodeProcess> one, IEnumerable<NodeProcess> other, double loss = 1)
    {
        foreach (var (from, to) in from a in one from b in other from pair in new[] { (a, b), (b, a) } select pair)
        {
            string[] chance = loss < 1 ? ["-m", "statistic", "--mode", "random", "--probability", loss.ToString(CultureInfo.InvariantCulture)] : [];
            string[] rule = ["INPUT", "-i", "lo", "-s", from.Ip, "-d", to.Ip, "-p", "udp", .. chance, "-j", "DROP"];
            await FilterAsync(["-I", .. rule]);
            _rules.Add(rule);
        }
    }

    public async Task MendAsync()
    {
        foreach (var rule in _rules)
        {
            await FilterAsync(["-D", .. rule]);
        }

        _rules.Clear();
    }

    public async ValueTask DisposeAsync() => await MendAsync();

    private static Task FilterAsync(string[] arguments) => ChildProcess.RunAsync("iptables", ["-w", .. arguments], TimeSpan.FromSeconds(30));
}
