using BuildIt.Operator.Api;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Moderation;

/// <summary>
/// Writes all revocations into Redis again when it is new or was emptied, after it was away, and when this process starts.
/// Every replica does it, which does no harm: what they write is the same.
/// </summary>
public sealed partial class RevocationKeeper(
    RoomStore rooms, RevocationRegistry revocations, RoomApiMetrics metrics, TimeProvider time, ILogger<RevocationKeeper> logger) : BackgroundService
{
    private const int PageSize = 250;

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
                    if (!await revocations.IsCompleteAsync(stoppingToken))
                    {
                        LogRestored(await RestoreAsync(stoppingToken));
                    }
                }
                catch (Exception e) when (e is RegistryUnavailableException or KubernetesUnavailableException)
                {
                    // Whatever is away, the next round looks again.
                }
                catch (Exception e) when (!Stopping.Explains(e, stoppingToken))
                {
                    metrics.BackgroundFaults.WithLabels("revocations").Inc();
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

    private async Task<int> RestoreAsync(CancellationToken cancellation)
    {
        // Tokens issued before an older revocation have expired by themselves.
        var oldest = (time.GetUtcNow() - JoinTokens.Lifetime - TimeSpan.FromMinutes(5)).ToUnixTimeMilliseconds();
        var begun = revocations.Begin();
        var written = 0;
        string? next = null;
        do
        {
            if (await rooms.ListAsync(null, PageSize, next, cancellation) is not { } page)
            {
                // The list took so long that it cannot be continued; the next round starts over.
                return written;
            }

            foreach (var room in page.Rooms)
            {
                foreach (var (participant, decision) in RoomAnnotations.All(room).Where(entry => entry.Decision.TokensFrom > oldest))
                {
                    await revocations.WriteAsync(room.Metadata.Name, participant, decision, removes: decision.Revoked, cancellation);
                    written++;
                }
            }

            next = page.Continue;
        }
        while (next is not null);

        await revocations.MarkCompleteAsync(begun, cancellation);
        return written;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Restoring revocations failed unexpectedly; it is tried again")]
    private partial void LogFault(Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} revocations written into Redis, which may not have had them")]
    private partial void LogRestored(int count);
}
