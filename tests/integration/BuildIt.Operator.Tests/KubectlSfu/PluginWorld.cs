using System.Text.Json.Nodes;
using BuildIt.KubectlSfu.Commands;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>A fleet with rooms, an operator that the API server can pass requests on to, and the plugin's command line.</summary>
internal sealed class PluginWorld : IAsyncDisposable
{
    private readonly KubernetesCluster _cluster;
    private readonly OperatorPod _operator;

    private PluginWorld(KubernetesCluster cluster, RoomWorld rooms, OperatorPod @operator)
    {
        _cluster = cluster;
        Rooms = rooms;
        _operator = @operator;
    }

    public RoomWorld Rooms { get; }

    public FleetWorld Fleet => Rooms.Fleet;

    /// <summary>Options by which the plugin finds all of it.</summary>
    public IReadOnlyList<string> Where => [.. Here, .. OperatorNamespace];

    /// <summary>The option that names the operator's namespace, and its value.</summary>
    public IReadOnlyList<string> OperatorNamespace => ["--operator-namespace", _operator.Namespace];

    private IReadOnlyList<string> Here => ["--kubeconfig", _cluster.KubeconfigPath, "-n", Fleet.Namespace];

    public static async Task<PluginWorld> CreateAsync(OperatorFixture fixture, int pods, Action<JsonObject>? change = null)
    {
        var rooms = await RoomWorld.CreateAsync(fixture, pods, change);
        return new PluginWorld(fixture.Cluster, rooms, await OperatorPod.CreateAsync(rooms.Fleet));
    }

    /// <summary>Runs a command line.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var limit = new CancellationTokenSource(Eventually.Patience);
        var code = await SfuCommand.RunAsync([.. arguments, .. arguments.Contains("--operator-namespace") ? Here : Where], TextWriter.Synchronized(output), TextWriter.Synchronized(errors), limit.Token);
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>Runs a command line that is to do well.</summary>
    public async Task<string> DoAsync(params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code}\n{output}\n{errors}");
        return output;
    }

    public ValueTask DisposeAsync() => Rooms.DisposeAsync();
}
