using System.Net;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using k8s.Models;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// The real node in a pod: a process of its own with media, on a loopback address of its own. Its way to the registry and the
/// operator's way to it lead through relays that tests can cut.
/// </summary>
internal sealed class NodeProcess : IPodProcess
{
    /// <summary>The key that every node has: tests sign their tokens with it.</summary>
    public const string ApiKey = "devkey";

    /// <summary>The secret of <see cref="ApiKey"/>, as long as the room API wants it.</summary>
    public const string ApiSecret = "the secret of the api key in tests, long enough";

    private readonly DirectoryInfo _folder;
    private readonly NodeProgram _program;

    private NodeProcess(V1Pod pod, string ip, NodeProgram program, TcpRelay toRegistry, TcpRelay fromOperator, DirectoryInfo folder)
    {
        Name = pod.Metadata.Name;
        Cluster = pod.Metadata.Labels[SfuApi.ClusterLabel];
        Ip = ip;
        _program = program;
        ToRegistry = toRegistry;
        FromOperator = fromOperator;
        _folder = folder;
    }

    public string Name { get; }

    /// <summary>The fleet it belongs to.</summary>
    public string Cluster { get; }

    public string Ip { get; }

    /// <summary>Where clients connect.</summary>
    public Uri Signal => _program.Signal;

    /// <summary>Where its health and metrics are.</summary>
    public int HealthPort => _program.HealthPort;

    /// <summary>The node's way to Redis.</summary>
    public TcpRelay ToRegistry { get; }

    /// <summary>The operator's way to the node.</summary>
    public TcpRelay FromOperator { get; }

    public int? ExitCode => _program.Process is { HasExited: true } process ? process.ExitCode : null;

    /// <summary>What it has logged.</summary>
    public string Log => _program.Process.ReadOutput();

    /// <param name="pod">The pod that it is.</param>
    /// <param name="certificates">Of its fleet.</param>
    /// <param name="redis">The registry of its region.</param>
    /// <param name="assembly">Of the node's version; the one that was built with the tests when null.</param>
    public static async Task<NodeProcess> StartAsync(V1Pod pod, V1Secret certificates, RedisServer redis, string? assembly = null)
    {
        var name = pod.Metadata.Name;
        var ip = LoopbackAddress.Next();
        var folder = Directory.CreateTempSubdirectory("buildit-node-");
        foreach (var file in (string[])[ControlCertificates.CertificateFile, ControlCertificates.KeyFile, ControlCertificates.AuthorityFile])
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, file), certificates.Data[file]);
        }

        var keys = folder.CreateSubdirectory("keys").FullName;
        await File.WriteAllTextAsync(Path.Combine(keys, ApiKey), ApiSecret);
        var address = IPAddress.Parse(ip);
        var control = FreePort.NextTcp();
        var toRegistry = new TcpRelay(new IPEndPoint(IPAddress.Parse(redis.Host), redis.Port));
        var fromOperator = new TcpRelay(new IPEndPoint(address, control), new IPEndPoint(address, NodePorts.Control));
        try
        {
            var program = await NodeProgram.StartOtherAsync(
                assembly ?? NodeProgram.Assembly,
                new Dictionary<string, string?>(TelemetryOf(pod))
                {
                    [NodeEnvironment.LogLevelFile] = Path.Combine(folder.FullName, AdvertiseFiles.LogLevel),
                    [NodeEnvironment.Instance] = name,
                    [NodeEnvironment.Namespace] = pod.Metadata.NamespaceProperty,
                    [NodeEnvironment.Cluster] = pod.Metadata.Labels[SfuApi.ClusterLabel],
                    [NodeEnvironment.Region] = pod.Spec.Containers[0].Env.Single(variable => variable.Name == NodeEnvironment.Region).Value,
                    [NodeEnvironment.Revision] = pod.Metadata.Labels[SfuApi.RevisionLabel],
                    [NodeEnvironment.RedisAddresses] = $"127.0.0.1:{toRegistry.Port}",
                    [NodeEnvironment.ControlPort] = $"{control}",
                    [NodeEnvironment.ControlTlsDirectory] = folder.FullName,
                    [NodeEnvironment.ApiKeysDirectory] = keys,
                    [NodeEnvironment.RoomApi] = pod.Spec.Containers[0].Env.FirstOrDefault(variable => variable.Name == NodeEnvironment.RoomApi)?.Value,
                },
                ["--bind", ip, "--node-ip", ip, "--tcp-port", "-1"]);
            return new NodeProcess(pod, ip, program, toRegistry, fromOperator, folder);
        }
        catch
        {
            await toRegistry.DisposeAsync();
            await fromOperator.DisposeAsync();
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>What the kubelet does when somebody annotates the pod with how much it is to log.</summary>
    public Task SetLogLevelAsync(string level) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, AdvertiseFiles.LogLevel), level);

    /// <summary>What the operator has its nodes trace and log with.</summary>
    private static Dictionary<string, string?> TelemetryOf(V1Pod pod) => pod.Spec.Containers[0].Env
        .Where(variable => variable.Name.StartsWith("OTEL_", StringComparison.Ordinal) || variable.Name == NodeEnvironment.Prefix + LogSettings.FormatVariable)
        .ToDictionary(variable => variable.Name, variable => (string?)variable.Value);

    /// <summary>Stops the process in its tracks: it notices nothing until <see cref="ContinueAsync"/>.</summary>
    public Task PauseAsync() => SignalAsync("-STOP");

    public Task ContinueAsync() => SignalAsync("-CONT");

    /// <summary>Ends the process as a crash would.</summary>
    public Task KillAsync() => _program.Process.KillAsync();

    /// <summary>Neither Redis nor the operator reaches it, nor it them; clients do.</summary>
    public void Partition()
    {
        ToRegistry.Silence();
        FromOperator.Silence();
    }

    /// <summary>Ends <see cref="Partition"/>.</summary>
    public void Mend()
    {
        ToRegistry.Mend();
        FromOperator.Mend();
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        await ToRegistry.DisposeAsync();
        await FromOperator.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private Task SignalAsync(string signal) => ChildProcess.RunAsync("kill", [signal, $"{_program.Process.Id}"], TimeSpan.FromSeconds(5));
}
