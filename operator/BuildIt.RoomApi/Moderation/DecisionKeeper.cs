using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;

namespace BuildIt.RoomApi.Moderation;

/// <summary>
/// Writes decisions into their rooms that the Kubernetes API did not take when they were made. Every replica does it, which does
/// no harm: one that is written already is not written again.
/// </summary>
public sealed partial class DecisionKeeper(RoomStore rooms, UndurableDecisions undurable, TimeProvider time, ILogger<DecisionKeeper> logger) : BackgroundService
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
                    foreach (var room in await undurable.RoomsAsync(stoppingToken))
                    {
                        await WriteAsync(room, stoppingToken);
                    }
                }
                catch (Exception e) when (e is RegistryUnavailableException or KubernetesUnavailableException)
                {
                    // Whatever is away, the next round tries again.
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task WriteAsync(string room, CancellationToken cancellation)
    {
        foreach (var (participant, decision, text) in await undurable.OfAsync(room, cancellation))
        {
            try
            {
                await rooms.DecideAsync(room, participant, current => decision.Outdates(current) ? decision : current, cancellation);
                LogDurable();
            }
            catch (ObjectRefusedException e)
            {
                // It would be refused for ever.
                LogRefused(e.Message);
            }

            await undurable.RemoveAsync(room, participant, text, cancellation);
        }

        await undurable.ForgetAsync(room, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A decision that the Kubernetes API had not taken is durable now")]
    private partial void LogDurable();

    [LoggerMessage(Level = LogLevel.Error, Message = "A decision could not be made durable and counts no longer: {Why}")]
    private partial void LogRefused(string why);
}
