using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>Two operators as processes of their own, with the leases they have when installed: one leads, the other waits.</summary>
internal sealed class OperatorPair : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("buildit-operators-");
    private readonly FleetWorld _fleet;
    private ChildProcess _leader;
    private ChildProcess _other;

    private OperatorPair(FleetWorld fleet)
    {
        _fleet = fleet;
        _leader = Start();
        _other = _leader;
    }

    public string Log => $"leader:\n{_leader.ReadOutput()}\nother:\n{_other.ReadOutput()}";

    public static async Task<OperatorPair> StartAsync(FleetWorld fleet)
    {
        var pair = new OperatorPair(fleet);
        await pair._leader.WaitForOutputAsync("leads", StartTimeout);
        pair._other = pair.Start();
        return pair;
    }

    /// <summary>Ends the leader as the death of its machine would.</summary>
    public Task KillLeaderAsync() => _leader.KillAsync();

    /// <summary>The other one leads now; another is started beside it.</summary>
    public async Task ReplaceLeaderAsync()
    {
        await _leader.DisposeAsync();
        _leader = _other;
        await _leader.WaitForOutputAsync("leads", StartTimeout);
        _other = Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _other.DisposeAsync();
        if (_leader != _other)
        {
            await _leader.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private ChildProcess Start() => ChildProcess.Start(Path.ChangeExtension(typeof(OperatorSettings).Assembly.Location, null), [], new Dictionary<string, string?>
    {
        ["BUILDIT_OPERATOR_NAMESPACE"] = _fleet.Namespace,
        ["BUILDIT_OPERATOR_WATCH_NAMESPACE"] = _fleet.Namespace,
        ["BUILDIT_OPERATOR_NODE_IMAGE"] = "registry.example.com/sfu-node:test",
        ["BUILDIT_OPERATOR_HTTP_PORT"] = "0",
        ["BUILDIT_OPERATOR_KUBECONFIG"] = _fleet.WriteKubeconfig(_folder.FullName),
    });
}
