using System.CommandLine;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Configuration;

/// <summary>The command line: a few switches that people want by hand; everything else comes from the environment.</summary>
public static class NodeCommand
{
    /// <param name="run">Runs a node with these settings until it is told to stop; returns the exit code.</param>
    public static RootCommand Create(Func<NodeSettings, CancellationToken, Task<int>> run)
    {
        var development = new Option<bool>("--dev") { Description = "Run on this machine alone, with the keys devkey / secret and no registry." };
        var bind = new Option<string?>("--bind") { Description = "Address that all sockets bind to (default: 127.0.0.1 with --dev, else every address)." };
        var port = new Option<int?>("--port") { Description = "Port of HTTP and WebSocket; 0 takes a free one (default 7880)." };
        var udpPort = new Option<int?>("--udp-port") { Description = "Port of all media over UDP; 0 takes a free one (default 7882)." };
        var tcpPort = new Option<int?>("--tcp-port") { Description = "Port of media over TCP; 0 takes a free one, -1 switches it off (default 7881)." };
        var healthPort = new Option<int?>("--health-port") { Description = "Port of health and metrics; 0 takes a free one (default 7885)." };
        var relayPort = new Option<int?>("--relay-port") { Description = "Port for links to other nodes of a fleet; 0 takes a free one (default 7884)." };
        var nodeIp = new Option<string?>("--node-ip") { Description = "Address that clients are given for media." };
        var command = new RootCommand("BuildIt SFU node: forwards end-to-end encrypted conferences for LiveKit clients.")
        {
            development, bind, port, udpPort, tcpPort, healthPort, relayPort, nodeIp,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var isDevelopment = parsed.GetValue(development);
            var reader = new NodeSettingsReader(name => Override(name) ?? Environment.GetEnvironmentVariable(name));
            var settings = reader.Read(isDevelopment);
            if (reader.Faults.Count > 0)
            {
                foreach (var fault in reader.Faults)
                {
                    await Console.Error.WriteLineAsync(fault);
                }

                return 2;
            }

            settings = settings with
            {
                SignalPort = parsed.GetValue(port) ?? settings.SignalPort,
                MediaUdpPort = parsed.GetValue(udpPort) ?? settings.MediaUdpPort,
                MediaTcpPort = parsed.GetValue(tcpPort) ?? settings.MediaTcpPort,
                RelayPort = parsed.GetValue(relayPort) ?? settings.RelayPort,
                HealthPort = parsed.GetValue(healthPort) ?? settings.HealthPort,
                BindAddress = settings.BindAddress ?? (isDevelopment ? "127.0.0.1" : null),
            };
            return await run(settings, cancellation);

            string? Override(string name) => name switch
            {
                NodeVariables.BindAddress => parsed.GetValue(bind),
                NodeEnvironment.AdvertiseAddress => parsed.GetValue(nodeIp),
                _ => null,
            };
        });
        return command;
    }
}
