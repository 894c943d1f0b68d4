using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>
/// Plays scheduler and kubelet for the pods of one namespace: binds them to a Kubernetes node, runs a <see cref="FakeNode"/> for
/// each, reports them ready, and takes away those that are deleted.
/// </summary>
internal sealed class Kubelet : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly KubernetesCluster _cluster;
    private readonly IConnectionMultiplexer _redis;
    private readonly string _namespace;
    private readonly ConcurrentDictionary<string, IPodProcess> _running = new(StringComparer.Ordinal);
    private readonly HashSet<string> _created = new(StringComparer.Ordinal);
    private Task _loop = Task.CompletedTask;

    public Kubelet(KubernetesCluster cluster, IConnectionMultiplexer redis, string ns)
    {
        _cluster = cluster;
        _redis = redis;
        _namespace = ns;
        KubernetesNode = $"node-of-{ns}";
    }

    /// <summary>The Kubernetes node that pods are put on from now on.</summary>
    public string KubernetesNode { get; set; }

    /// <summary>Every pod is put on a Kubernetes node of its own, which is created for it.</summary>
    public bool NodePerPod { get; set; }

    /// <summary>Pods are run; false for a machine on which nothing starts.</summary>
    public bool StartsPods { get; set; } = true;

    /// <summary>How often it looks at its pods.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Prepares a simulated process before it starts.</summary>
    public Action<FakeNode> Prepare { get; set; } = _ => { };

    /// <summary>Starts something else than a simulated node, given the pod and its certificates; null leaves it at that.</summary>
    public Func<V1Pod, V1Secret, Task<IPodProcess?>> Start { get; set; } = (_, _) => Task.FromResult<IPodProcess?>(null);

    /// <summary>Pods on a Kubernetes node that the API server cannot reach: what is asked for them does not happen.</summary>
    public ConcurrentDictionary<string, bool> CutOff { get; } = new(StringComparer.Ordinal);

    /// <summary>The simulated processes by pod name.</summary>
    public IReadOnlyDictionary<string, FakeNode> Running =>
        _running.Values.OfType<FakeNode>().ToDictionary(node => node.Name, StringComparer.Ordinal);

    /// <summary>All processes by pod name.</summary>
    public IReadOnlyDictionary<string, IPodProcess> Processes => _running;

    /// <summary>Names of all pods that ever were.</summary>
    public IReadOnlyCollection<string> Created
    {
        get
        {
            lock (_created)
            {
                return [.. _created];
            }
        }
    }

    public async Task StartAsync()
    {
        await CreateNodeAsync(KubernetesNode);
        _loop = Task.Run(RunAsync);
    }

    public async Task CreateNodeAsync(string name, string externalIp = "203.0.113.7") => await CreateNodeAsync(new V1Node
    {
        Metadata = new V1ObjectMeta { Name = name },
        Status = new V1NodeStatus
        {
            Addresses = [new V1NodeAddress { Type = "ExternalIP", Address = externalIp }, new V1NodeAddress { Type = "InternalIP", Address = "10.1.2.3" }],
        },
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        foreach (var node in _running.Values)
        {
            await node.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task CreateNodeAsync(V1Node node)
    {
        await _cluster.Client.CoreV1.CreateNodeAsync(node);
        await _cluster.Client.CoreV1.PatchNodeStatusAsync(
            new V1Patch(JsonSerializer.Serialize(new { status = new { addresses = node.Status.Addresses.Select(a => new { type = a.Type, address = a.Address }) } }), V1Patch.PatchType.MergePatch),
            node.Metadata.Name);
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.WhenAll((await _cluster.Client.CoreV1.ListNamespacedPodAsync(_namespace, cancellationToken: _stop.Token)).Items.Select(TendAsync));
                await Task.Delay(Interval, _stop.Token);
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception away) when (away is HttpOperationException or HttpRequestException or IOException or TimeoutException)
            {
                // The API server is away, the pod has changed meanwhile, or its process did not start: a kubelet tries again.
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private async Task TendAsync(V1Pod pod)
    {
        var name = pod.Metadata.Name;
        lock (_created)
        {
            _created.Add(name);
        }

        if (CutOff.ContainsKey(name))
        {
            return;
        }

        if (pod.Metadata.DeletionTimestamp is not null)
        {
            if (_running.TryRemove(name, out var ended))
            {
                await ended.DisposeAsync();
            }

            await _cluster.Client.CoreV1.DeleteNamespacedPodAsync(name, _namespace, new V1DeleteOptions { GracePeriodSeconds = 0 });
            return;
        }

        if (!StartsPods)
        {
            return;
        }

        if (pod.Spec.NodeName is null)
        {
            var machine = NodePerPod ? $"node-of-{name}" : KubernetesNode;
            if (NodePerPod)
            {
                await CreateNodeAsync(machine);
            }

            await _cluster.Client.CoreV1.CreateNamespacedPodBindingAsync(
                new V1Binding { Metadata = new V1ObjectMeta { Name = name }, Target = new V1ObjectReference { Kind = "Node", ApiVersion = "v1", Name = machine } }, name, _namespace);
            return;
        }

        if (!_running.TryGetValue(name, out var node))
        {
            if (pod.Status.Phase is "Succeeded" or "Failed")
            {
                return;
            }

            var secret = await _cluster.Client.CoreV1.ReadNamespacedSecretAsync($"{pod.Metadata.Labels[SfuApi.ClusterLabel]}-control-node", _namespace);
            node = await Start(pod, secret) ?? await SimulateAsync(pod, secret);
            _running[name] = node;
            await ReportAsync(name, node, "Running", ready: true);
        }
        else if (node.ExitCode is { } code)
        {
            _running.TryRemove(name, out _);
            await node.DisposeAsync();
            await ReportAsync(name, node, code == 0 ? "Succeeded" : "Failed", ready: false);
        }
    }

    private async Task<IPodProcess> SimulateAsync(V1Pod pod, V1Secret certificates)
    {
        var node = await FakeNode.StartAsync(pod, certificates, _redis);
        Prepare(node);
        return node;
    }

    /// <summary>Says what the node controller says of a machine from which no kubelet has reported for a while.</summary>
    public async Task ReportNodeSilentAsync(string pod)
    {
        var node = (await _cluster.Client.CoreV1.ReadNamespacedPodAsync(pod, _namespace)).Spec.NodeName;
        await _cluster.Client.CoreV1.PatchNodeStatusAsync(
            new V1Patch("""{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"}]}}""", V1Patch.PatchType.StrategicMergePatch), node);
    }

    /// <summary>Reports that a pod's process was killed and is to be started again.</summary>
    public Task ReportKilledAsync(string pod) => _cluster.Client.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch(
            JsonSerializer.Serialize(new
            {
                status = new
                {
                    containerStatuses = new[]
                    {
                        new { name = "sfu", image = "", imageID = "", ready = false, restartCount = 0, state = new { terminated = new { exitCode = 137, reason = "Error" } } },
                    },
                    conditions = new[] { new { type = "Ready", status = "False" } },
                },
            }),
            V1Patch.PatchType.MergePatch),
        pod,
        _namespace);

    /// <summary>Reports a pod's state to the API server.</summary>
    public Task ReportAsync(string pod, IPodProcess node, string phase, bool ready) => _cluster.Client.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch(
            JsonSerializer.Serialize(new
            {
                status = new
                {
                    phase,
                    podIP = node.Ip,
                    podIPs = new[] { new { ip = node.Ip } },
                    hostIP = "10.1.2.3",
                    containerStatuses = Array.Empty<object>(),
                    conditions = new[] { new { type = "Ready", status = ready ? "True" : "False", lastTransitionTime = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) } },
                },
            }),
            V1Patch.PatchType.MergePatch),
        pod,
        _namespace);
}
