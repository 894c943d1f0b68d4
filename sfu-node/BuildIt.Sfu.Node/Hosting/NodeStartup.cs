using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.State;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>
/// Starts the media loops, finds the address that clients are given, and says when the node serves. An address that changes
/// later (a load balancer made anew) is told to clients from then on.
/// </summary>
public sealed partial class NodeStartup(
    NodeSettings settings,
    MediaServer media,
    AddressFinder finder,
    NodeAddresses addresses,
    NodeLifecycle lifecycle,
    IServer server,
    IHostApplicationLifetime application,
    BackgroundFaults faults,
    TimeProvider time,
    ILogger<NodeStartup> logger,
    RelayCertificates? relay = null) : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        media.Fatal += (_, error) =>
        {
            LogFatal(error);
            Environment.ExitCode = 1;
            application.StopApplication();
        };
        media.Start();
        await WaitForListenersAsync(stoppingToken);
        AdvertisedAddress? known = null;
        using var timer = new PeriodicTimer(AskAgain, time);
        do
        {
            try
            {
                var found = await finder.FindAsync(media.UdpPort, media.TcpPort, stoppingToken);
                if (found is not null && found != known)
                {
                    Announce(found, isFirst: known is null);
                    known = found;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The conferences here go on at the address that is known.
                faults.Count("address", e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task WaitForListenersAsync(CancellationToken cancellation)
    {
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = application.ApplicationStarted.Register(listening.SetResult);
        await listening.Task.WaitAsync(cancellation);
    }

    private void Announce(AdvertisedAddress found, bool isFirst)
    {
        media.Advertise(found);
        var urls = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToList() ?? [];
        var signalPort = urls.Count > 0 ? new Uri(urls[0]).Port : settings.SignalPort;
        var healthPort = urls.Count > 1 ? new Uri(urls[1]).Port : settings.HealthPort;
        var host = settings.PodIp ?? settings.BindAddress ?? "127.0.0.1";
        var scheme = settings.SignalTlsDirectory is null ? "http" : "https";
        addresses.Set(new NodeEndpoints
        {
            Signal = HostUrl.Of(scheme, host, signalPort),
            Control = HostUrl.Of("https", host, settings.ControlPort),
            MediaAddress = found.Addresses[0].ToString(),
            MediaUdpPort = found.UdpPort,
            MediaTcpPort = found.TcpPort,
            Relay = relay is null ? null : HostUrl.Authority(host, RelayPort(urls)),
            RelayFingerprint = relay?.Fingerprint(),
        });
        if (isFirst)
        {
            lifecycle.Started();
            LogServing(HostUrl.Of(scheme, host, signalPort), healthPort, media.UdpPort, media.TcpPort);
        }
        else
        {
            LogMoved();
        }
    }

    /// <summary>The port for links is the last one that is opened.</summary>
    private int RelayPort(List<string> urls) => settings.RelayPort != 0 || urls.Count == 0 ? settings.RelayPort : new Uri(urls[^1]).Port;

    [LoggerMessage(Level = LogLevel.Information, Message = "Serving: signal {Signal}, health port {HealthPort}, media UDP port {UdpPort}, TCP port {TcpPort}")]
    private partial void LogServing(string signal, int healthPort, int udpPort, int tcpPort);

    [LoggerMessage(Level = LogLevel.Information, Message = "The media address has changed; clients that join from now on are given the new one")]
    private partial void LogMoved();

    [LoggerMessage(Level = LogLevel.Critical, Message = "A media loop cannot go on; the process ends")]
    private partial void LogFatal(Exception error);
}
