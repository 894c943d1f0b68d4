using System.Collections.Concurrent;
using System.Globalization;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>The kubelets' reports, from which the node controller tells that a machine lives: one for each pod that is not cut off.</summary>
internal sealed class NodeReports : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, bool> _silent = new(StringComparer.Ordinal);
    private readonly FleetWorld _fleet;
    private readonly Task _loop;

    public NodeReports(FleetWorld fleet)
    {
        _fleet = fleet;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>The machine of a pod dies.</summary>
    public void Silence(string kubernetesNode) => _silent[kubernetesNode] = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                await ReportAllAsync();
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ReportAllAsync()
    {
        try
        {
            foreach (var node in (await _fleet.PodsAsync()).Select(pod => pod.Spec.NodeName).OfType<string>().Where(node => !_silent.ContainsKey(node)))
            {
                var now = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
                await _fleet.Client.CoreV1.PatchNodeStatusAsync(
                    new V1Patch($$$"""{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","lastHeartbeatTime":"{{{now}}}"}]}}""", V1Patch.PatchType.StrategicMergePatch),
                    node, cancellationToken: _stop.Token);
            }
        }
        catch (Exception away) when (away is HttpOperationException or HttpRequestException)
        {
            // As a kubelet does: the next report comes in a moment.
        }
    }
}
