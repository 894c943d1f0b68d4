using BuildIt.Operator.Api;
using BuildIt.RoomApi.Telemetry;

namespace BuildIt.RoomApi.Registry;

/// <summary>Looks every second whether Redis was emptied, and writes into it again which events this replica has taken.</summary>
public sealed partial class UsedEventKeeper(
    RequestMemory memory, RoomApiMetrics metrics, TimeProvider time, ILogger<UsedEventKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                try
                {
                    await memory.RestoreAsync(stoppingToken);
                }
                catch (RegistryUnavailableException)
                {
                    // The next round looks again.
                }
                catch (Exception e) when (!Stopping.Explains(e, stoppingToken))
                {
                    metrics.BackgroundFaults.WithLabels("used_events").Inc();
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

    [LoggerMessage(Level = LogLevel.Error, Message = "Restoring used events failed unexpectedly; it is tried again")]
    private partial void LogFault(Exception failure);
}
