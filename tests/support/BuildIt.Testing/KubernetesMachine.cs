using System.Globalization;
using System.Net;
using BuildIt.Testing.Network;
using k8s;

namespace BuildIt.Testing;

/// <summary>
/// A whole Kubernetes on this machine, with nodes that run containers: what <c>make cluster-up</c>
/// starts, as a cluster of the test's own. Needs root. It ends with this object, or soon after the
/// test run when that was killed. Members may be called from any thread.
/// </summary>
public sealed class KubernetesMachine : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(3);

    private readonly string _folder;
    private readonly Kubernetes _client;
    private bool _disposed;

    private KubernetesMachine(string folder, string toolsPath)
    {
        _folder = folder;
        ToolsPath = toolsPath;
        _client = new Kubernetes(ClientConfiguration(), new PatientHandler());
    }

    /// <summary>A kubeconfig with every right.</summary>
    public string KubeconfigPath => Path.Combine(_folder, "admin.kubeconfig");

    /// <summary>The folder that holds <c>kubectl</c> and <c>helm</c>.</summary>
    public string ToolsPath { get; }

    /// <summary>Where the programs of the nodes write: <c>nodes/node-0/logs</c> and so on.</summary>
    public string Folder => _folder;

    /// <summary>A client with every right.</summary>
    public IKubernetes Client => _client;

    /// <summary>The address by which nodes and pods know this machine.</summary>
    public IPAddress Host => IPAddress.Parse($"10.{Number}.0.1");

    private int Number => int.Parse(
        File.ReadLines(Path.Combine(_folder, "network.env")).Single(line => line.StartsWith("network=", StringComparison.Ordinal))["network=".Length..],
        CultureInfo.InvariantCulture);

    /// <summary>Starts a control plane and nodes and returns when all are ready.</summary>
    /// <param name="nodes">Number of nodes, 1 to 60; they are named <c>node-0</c>, <c>node-1</c> and so on.</param>
    /// <exception cref="InvalidOperationException">It did not start; the message holds what the scripts said.</exception>
    public static async Task<KubernetesMachine> StartAsync(int nodes = 1)
    {
        var tools = (await ChildProcess.RunAsync(Script("tools.sh"), [], CommandTimeout)).Trim();
        var folder = Directory.CreateTempSubdirectory("buildit-machine-").FullName;
        await ChildProcess.RunAsync(Script("up.sh"), [], StartTimeout, new Dictionary<string, string?>
        {
            ["BUILDIT_CLUSTER"] = folder,
            ["BUILDIT_CLUSTER_NODES"] = $"{nodes}",
            ["BUILDIT_CLUSTER_OWNER"] = $"{Environment.ProcessId}",
        });
        return new KubernetesMachine(folder, tools);
    }

    /// <summary>What a client of the caller's own is made from; each call returns a new object.</summary>
    public KubernetesClientConfiguration ClientConfiguration() =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath);

    /// <summary>Gives images to every node that runs.</summary>
    /// <param name="archives">Paths of what <see cref="ImageArchive"/> made.</param>
    public Task AddImagesAsync(params IEnumerable<string> archives) =>
        ChildProcess.RunAsync(Script("node.sh"), ["import", _folder, .. archives], CommandTimeout);

    /// <summary>Puts an impaired path between two nodes and their pods; this machine reaches both as before.</summary>
    /// <param name="one">Side 0: 0 for <c>node-0</c>.</param>
    /// <param name="other">Side 1.</param>
    /// <param name="seed">Of loss and jitter.</param>
    public Task<ImpairedPath> ImpairAsync(int one, int other, int seed) => ImpairedPath.BetweenAsync(EndOf(one), EndOf(other), seed);

    /// <summary>Cuts the power of a node: all its containers and its kubelet end at once.</summary>
    /// <param name="index">0 for <c>node-0</c>.</param>
    public Task StopNodeAsync(int index) => ChildProcess.RunAsync(Script("node.sh"), ["stop", _folder, $"{index}"], CommandTimeout);

    /// <summary>Ends the programs of a pod with SIGKILL, as a crash would. Kubernetes finds out by itself.</summary>
    /// <param name="uid">The pod's uid.</param>
    public Task KillPodAsync(string uid) => ChildProcess.RunAsync(Script("node.sh"), ["kill", _folder, uid], CommandTimeout);

    /// <summary>Starts a node, new or stopped before; it has none of the images yet.</summary>
    /// <param name="index">0 for <c>node-0</c>.</param>
    public Task StartNodeAsync(int index) => ChildProcess.RunAsync(Script("node.sh"), ["start", _folder, $"{index}"], StartTimeout);

    /// <summary>Runs <c>kubectl</c> or <c>helm</c> against this cluster and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it printed.</exception>
    public Task<string> RunToolAsync(string tool, params string[] arguments) => ChildProcess.RunAsync(
        Path.Combine(ToolsPath, tool), arguments, CommandTimeout, new Dictionary<string, string?> { ["KUBECONFIG"] = KubeconfigPath });

    /// <summary>Ends everything and removes every trace.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _client.Dispose();
        await ChildProcess.RunAsync(Script("down.sh"), [], CommandTimeout, new Dictionary<string, string?> { ["BUILDIT_CLUSTER"] = _folder });
    }

    // See tests/cluster/network.sh.
    private PathEnd EndOf(int index) => new($"buildit{Number}-{index}", IPAddress.Parse($"10.{Number}.0.{10 + index}"), $"10.{Number}.{64 + index}.0/24");

    private static string Script(string name) => RepositoryRoot.Path("tests", "cluster", name);
}
