using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Operations;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>Starts the media loops, finds the address that clients are given, and says when the node serves.</summary>
public sealed partial class NodeStartup(
    NodeSettings settings,
    MediaServer media,
    NodeAddresses addresses,
    NodeLifecycle lifecycle,
    IServer server,
    IHostApplicationLifetime application,
    ILogger<NodeStartup> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        media.Fatal += (_, error) =>
        {
            LogFatal(error);
            Environment.ExitCode = 1;
            application.StopApplication();
        };
        media.Start();
        application.ApplicationStarted.Register(OnListening);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void OnListening()
    {
        var found = MediaAddresses();
        media.Advertise(found, media.UdpPort, media.TcpPort);
        var urls = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToList() ?? [];
        var signalPort = urls.Count > 0 ? new Uri(urls[0]).Port : settings.SignalPort;
        var healthPort = urls.Count > 1 ? new Uri(urls[1]).Port : settings.HealthPort;
        var host = settings.PodIp ?? settings.BindAddress ?? "127.0.0.1";
        addresses.Set(new NodeEndpoints
        {
            Signal = $"http://{host}:{signalPort}",
            Control = $"https://{host}:{settings.ControlPort}",
            MediaAddress = found.Count > 0 ? found[0].ToString() : null,
            MediaUdpPort = media.UdpPort,
            MediaTcpPort = media.TcpPort,
        });
        lifecycle.Started();
        LogServing($"http://{host}:{signalPort}", healthPort, media.UdpPort, media.TcpPort);
    }

    private IReadOnlyList<IPAddress> MediaAddresses()
    {
        if (settings.AdvertiseAddresses.Count > 0)
        {
            return [.. settings.AdvertiseAddresses.Select(IPAddress.Parse)];
        }

        var known = settings.Advertise switch
        {
            AdvertiseModes.HostIp => settings.HostIp,
            AdvertiseModes.PodIp => settings.PodIp,
            _ => null,
        };
        if (known is not null)
        {
            return [IPAddress.Parse(known)];
        }

        return settings.BindAddress is { } bind ? [IPAddress.Parse(bind)] : MediaServer.LocalAddresses();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Serving: signal {Signal}, health port {HealthPort}, media UDP port {UdpPort}, TCP port {TcpPort}")]
    private partial void LogServing(string signal, int healthPort, int udpPort, int tcpPort);

    [LoggerMessage(Level = LogLevel.Critical, Message = "A media loop cannot go on; the process ends")]
    private partial void LogFatal(Exception error);
}
