using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.EndToEnd.Tests.Chart;
using BuildIt.Operator.Api;
using BuildIt.Testing;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Fleets;

/// <summary>The chart installed in a Kubernetes of the tests' own, and one fleet's view of it.</summary>
internal sealed class InstalledFleet(KubernetesMachine machine)
{
    public const string Space = "calls";
    public const string Name = "fleet";
    public const string System = "buildit-sfu";

    // Two cores and real containers; what is slow here is starting processes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public IKubernetes Client => machine.Client;

    public KubernetesMachine Machine => machine;

    /// <summary>Makes the fleets' namespace, and installs the chart as a person would.</summary>
    /// <param name="watchOnly">The installation looks after that namespace alone.</param>
    public async Task StartAsync(bool watchOnly)
    {
        // Its role and its binding are made there. Kubernetes labels namespaces with their names by itself since 1.21.
        await machine.RunToolAsync("kubectl", "create", "namespace", Space);
        await machine.RunToolAsync("kubectl", "label", "namespace", Space, $"kubernetes.io/metadata.name={Space}", "--overwrite");
        await InstallAsync(watchOnly ? [$"watchNamespace={Space}"] : []);
    }

    /// <summary>Takes everything away as a person would: rooms and fleets, the chart, the namespaces. Only the definitions stay.</summary>
    /// <exception cref="InvalidOperationException">Something could not be removed; the message says what.</exception>
    public async Task RemoveAsync()
    {
        await KubectlAsync("delete", "conferencerooms,sfuclusters", "--all", "--timeout", "120s");
        await UninstallAsync(wait: false);
        await machine.RunToolAsync("kubectl", "delete", "namespace", Space, System, "--ignore-not-found", "--timeout", "170s");
    }

    /// <summary>Takes the chart away, where it still is.</summary>
    /// <param name="wait">Until Kubernetes has forgotten all of it.</param>
    public Task UninstallAsync(bool wait) => machine.RunToolAsync(
        "helm", ["uninstall", "buildit-sfu", "--namespace", System, "--ignore-not-found", .. wait ? ["--wait", "--timeout", "120s"] : Array.Empty<string>()]);

    /// <summary>Installs the chart, or upgrades it.</summary>
    public Task InstallAsync(params string[] values)
    {
        string[] all = ["operator.image.tag=local", "node.image.tag=local", "redis.enabled=true", "redis.image.repository=buildit/redis", "redis.image.tag=local", .. values];
        return machine.RunToolAsync(
            "helm",
            ["upgrade", "--install", "buildit-sfu", HelmChart.Folder, "--namespace", System, "--create-namespace", "--wait", "--timeout", "150s", "--set", string.Join(',', all)]);
    }

    /// <summary>Goes over to another chart with the values there are, as docs/upgrade.md says.</summary>
    /// <param name="chart">Its folder, or it packed.</param>
    /// <param name="arguments">More of the command line, for example <c>--wait</c>.</param>
    public Task UpgradeAsync(string chart, params string[] arguments) =>
        machine.RunToolAsync("helm", ["upgrade", "buildit-sfu", chart, "--namespace", System, "--reset-then-reuse-values", .. arguments]);

    /// <summary>Makes the keys and the fleet.</summary>
    /// <param name="manifest">The fleet, where it is not the usual one.</param>
    public async Task CreateAsync(string? manifest = null)
    {
        await machine.RunToolAsync("kubectl", "create", "secret", "generic", "sfu-api-keys", "-n", Space, $"--from-literal=key1={Guid.NewGuid():N}");
        await ApplyAsync(manifest ?? Manifest());
    }

    /// <summary>A fleet of 2 to 6 small pods that report the load the test writes.</summary>
    public static string Manifest(string name = Name, string memory = "128Mi", string schedule = "0 8 * * *") =>
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: SfuCluster
        metadata: {name: {{name}}, namespace: {{Space}}}
        spec:
          region: local-1
          replicas: {min: 2, max: 6}
          capacity: {maxPublishers: 50}
          autoscaling:
            targetUtilization: 0.5
            metrics: [publishers]
            scaleDown: {stabilization: 3s, maxStep: 2}
            schedules: [{cron: "{{schedule}}", min: 1}]
          drain: {deadline: 20s, maxConcurrent: 2}
          network:
            mode: HostPort
            hostPortRange: {first: 30900, last: 30919}
            advertise: HostIP
          resources:
            requests: {cpu: 50m, memory: {{memory}}}
            limits: {cpu: "2", memory: 512Mi}
          redis: {addresses: ["buildit-sfu-redis.{{System}}.svc:6379"]}
          apiKeysSecretRef: {name: sfu-api-keys}
          podTemplate:
            env: [{name: BUILDIT_SYNTHETIC_LOAD_FILE, value: /tmp/load.json}]
        """;

    public async Task ApplyAsync(string manifest)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, manifest);
            await machine.RunToolAsync("kubectl", "apply", "-f", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public Task<string> KubectlAsync(params string[] arguments) => machine.RunToolAsync("kubectl", ["--namespace", Space, .. arguments]);

    public Task<SfuCluster> ReadAsync() =>
        Client.CustomObjects.GetNamespacedCustomObjectAsync<SfuCluster>(SfuApi.Group, SfuApi.Version, Space, SfuCluster.Plural, Name);

    /// <summary>
    /// The fleet's pods, those that are going included, until their program has ended: an old kubelet takes up to half a minute
    /// more to have them forgotten, as it looks after that every 10 s.
    /// </summary>
    public async Task<IList<V1Pod>> PodsAsync() =>
        [.. (await Client.CoreV1.ListNamespacedPodAsync(Space, labelSelector: $"{SfuApi.ClusterLabel}={Name}")).Items.Where(pod => !HasGone(pod))];

    /// <summary>What the operator said about the fleet and its pods.</summary>
    public async Task<IReadOnlyList<string>> StoryAsync() =>
        [.. (await Client.CoreV1.ListNamespacedEventAsync(Space)).Items
            .Where(each => each.Source?.Component == "buildit-sfu-operator")
            .Select(each => $"{each.InvolvedObject.Kind} {each.InvolvedObject.Name} {each.Reason}: {each.Message}")];

    /// <summary>Makes every pod there is report so many publishers. The file goes into the pod's scratch space from outside: the image has no shell.</summary>
    public async Task LoadAsync(int publishers)
    {
        foreach (var pod in await PodsAsync())
        {
            var folder = Path.Combine(
                machine.Folder, "nodes", pod.Spec.NodeName, "kubelet", "pods", pod.Metadata.Uid, "volumes", "kubernetes.io~empty-dir", "tmp");
            if (!Directory.Exists(folder))
            {
                continue;
            }

            var load = new JsonObject { ["rooms"] = publishers / 10, ["participants"] = publishers, ["publishers"] = publishers, ["subscribers"] = publishers };
            var part = Path.Combine(folder, ".load");
            await File.WriteAllTextAsync(part, load.ToJsonString());
            File.Move(part, Path.Combine(folder, "load.json"), overwrite: true);
        }
    }

    /// <summary>Waits until so many pods accept rooms, none is on its way in or out, and the status speaks of this spec.</summary>
    public Task<SfuCluster> SettledAsync(int pods) => UntilAsync($"{pods} pods and no more", async fleet =>
        fleet.Status is { } status
        && status.ObservedGeneration == fleet.Metadata.Generation
        && status.ReadyReplicas == pods && status.DesiredReplicas == pods && status.DrainingReplicas == 0
        && (await PodsAsync()).Count == pods);

    /// <summary>Waits until something is true of the fleet, and returns it.</summary>
    /// <exception cref="TimeoutException">It did not become true; the message tells the fleet's story.</exception>
    public async Task<SfuCluster> UntilAsync(string what, Func<SfuCluster, Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var fleet = await ReadAsync();
            if (await condition(fleet))
            {
                return fleet;
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(await DescribeAsync(what));
            }
        }
    }

    private static bool HasGone(V1Pod pod) =>
        pod is { Metadata.DeletionTimestamp: not null, Status.ContainerStatuses: { Count: > 0 } containers } && containers.All(each => each.State?.Terminated is not null);

    private async Task<string> DescribeAsync(string what) => string.Join(
        '\n',
        string.Create(CultureInfo.InvariantCulture, $"Not within {Patience}: {what}"),
        await machine.RunToolAsync("kubectl", "get", "sfu,pods", "--all-namespaces", "-o", "wide"),
        await KubectlAsync("describe", "sfu", Name),
        await machine.RunToolAsync("kubectl", "logs", "-n", System, "-l", "app.kubernetes.io/component=operator", "--tail", "40"));
}
