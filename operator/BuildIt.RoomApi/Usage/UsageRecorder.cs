using BuildIt.Operator.Api;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Telemetry;

namespace BuildIt.RoomApi.Usage;

/// <summary>Records participant time from heartbeats, so that it is not forgotten when a room moves or its node goes.</summary>
public sealed partial class UsageRecorder(FleetRegistry registry, RoomApiMetrics metrics, TimeProvider time, ILogger<UsageRecorder> logger) : BackgroundService
{
    /// <summary>A node that dies takes at most so much participant time with it.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                try
                {
                    var heartbeats = await registry.HeartbeatsAsync(stoppingToken);
                    await registry.RecordUsageAsync(
                        [
                            .. heartbeats.SelectMany(heartbeat => heartbeat.Rooms
                                .Select(report => (report.Room, RoomUsage.StayOf(heartbeat, report), StayUsage.Of(heartbeat, report)))
                                .Where(stay => stay.Item3.ParticipantSeconds > 0 || stay.Item3.RelayBytes > 0)),
                        ],
                        stoppingToken);
                }
                catch (RegistryUnavailableException)
                {
                    // Counts go on in the nodes; the next round has them.
                }
                catch (Exception e) when (!Stopping.Explains(e, stoppingToken))
                {
                    metrics.BackgroundFaults.WithLabels("usage").Inc();
                    LogFault(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Recording usage failed unexpectedly; it is tried again")]
    private partial void LogFault(Exception failure);
}
