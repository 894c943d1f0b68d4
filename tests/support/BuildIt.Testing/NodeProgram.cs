using System.Globalization;
using System.Text.RegularExpressions;

namespace BuildIt.Testing;

/// <summary>
/// The real node in a process of its own, as it was built with the tests: on free ports, with the development keys unless the
/// environment names others.
/// </summary>
public sealed partial class NodeProgram : IAsyncDisposable
{
    private static readonly string[] Ports = ["--port", "--udp-port", "--tcp-port", "--health-port", "--relay-port"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private NodeProgram(ChildProcess process, Match serving)
    {
        Process = process;
        Signal = new Uri(serving.Groups[1].Value);
        HealthPort = Port(2);
        UdpPort = Port(3);
        TcpPort = Port(4);

        int Port(int group) => serving.Groups[group] is { Success: true } found ? int.Parse(found.Value, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The absolute path of the node's assembly.</summary>
    public static string Assembly => BuiltProgram.Assembly("sfu-node", "BuildIt.Sfu.Node");

    public ChildProcess Process { get; }

    /// <summary>Where clients connect.</summary>
    public Uri Signal { get; }

    public int HealthPort { get; }

    /// <summary>Where all media over UDP goes.</summary>
    public int UdpPort { get; }

    /// <summary>Where media over TCP goes; 0 when there is none.</summary>
    public int TcpPort { get; }

    /// <summary>Starts a node and waits until it serves.</summary>
    /// <param name="environment">Variables of the node.</param>
    /// <param name="arguments">What its command line says; ports that it does not name are free ones.</param>
    public static Task<NodeProgram> StartAsync(IReadOnlyDictionary<string, string?>? environment, params IReadOnlyCollection<string> arguments) =>
        StartAsync([], Assembly, environment, arguments);

    /// <summary>The same with a limit on its descriptors.</summary>
    public static Task<NodeProgram> StartAsync(IReadOnlyDictionary<string, string?>? environment, int descriptors, params IReadOnlyCollection<string> arguments) =>
        StartAsync(["sh", "-c", "ulimit -n \"$1\"; shift; exec \"$@\"", "sh", $"{descriptors}"], Assembly, environment, arguments);

    /// <summary>The same of another version.</summary>
    /// <param name="assembly">Absolute path of that version's assembly.</param>
    /// <param name="environment">Variables of the node.</param>
    /// <param name="arguments">What its command line says; ports that it does not name are free ones.</param>
    public static Task<NodeProgram> StartOtherAsync(
        string assembly, IReadOnlyDictionary<string, string?>? environment, params IReadOnlyCollection<string> arguments) =>
        StartAsync([], assembly, environment, arguments);

    private static async Task<NodeProgram> StartAsync(
        IReadOnlyList<string> launcher, string assembly, IReadOnlyDictionary<string, string?>? environment, IReadOnlyCollection<string> arguments)
    {
        var free = Ports.Except(arguments, StringComparer.Ordinal).SelectMany(option => (string[])[option, "0"]);
        string[] command = [.. launcher, "dotnet", assembly, "--dev", .. free, .. arguments];
        var process = ChildProcess.Start(command[0], command[1..], environment);
        try
        {
            await process.WaitForOutputAsync("TCP port", StartTimeout);
            return new NodeProgram(process, Serving().Match(process.ReadOutput()));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    [GeneratedRegex(@"Serving: signal (http://\S+), health port (\d+), media UDP port (\d+), TCP port (\d+)?")]
    private static partial Regex Serving();
}
