using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;
using Phase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>Takes rooms from their clients: for good, or because pods die under them. Any thread.</summary>
internal sealed class RoomEnding(
    RoomLedgers ledgers, RoomRouting routing, RoomStatusWriter writing, UsageWebhook usage, ObjectWriter writer, IEventRecorder events, TimeProvider time)
{
    /// <summary>Ends the room everywhere. Done when the registry has been told.</summary>
    /// <returns>When to try again; null when it is done.</returns>
    public async Task<TimeSpan?> EndAsync(ConferenceRoom room, string reason, CancellationToken cancellation)
    {
        if (room.Status?.Phase is not Phase.Ended)
        {
            var ended = RoomStatusBuilder.Ended(room, reason, told: false, time.GetUtcNow());
            await writing.WriteAsync(room, ended, cancellation).ConfigureAwait(false);
            events.Normal(room, RoomEvents.Ended, ended.DeletesAt is { } at ? $"{reason}; its object is deleted at {at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : reason);
        }

        ledgers.Forget(ObjectKey.Of(room));
        if (!await routing.EndAsync(room, cancellation).ConfigureAwait(false))
        {
            return RoomRetries.Usual;
        }

        await writing.WriteAsync(room, RoomStatusBuilder.Ended(room, ReasonOf(room) ?? reason, told: true, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        return await TellUsageAsync(room, cancellation).ConfigureAwait(false);
    }

    /// <summary>Deletes the object; the finalizer does the rest.</summary>
    /// <returns>When to try again.</returns>
    public async Task<TimeSpan?> DeleteAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (time.GetUtcNow() - room.Status!.DeletesAt?.ToUniversalTime() < UsageWebhook.Patience && await TellUsageAsync(room, cancellation).ConfigureAwait(false) is { } owed)
        {
            return owed;
        }

        events.Normal(room, RoomEvents.Deleting, $"it ended at {room.Status!.EndedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}, and ttlAfterEnded is {room.Spec.TtlAfterEnded}");

        // Somebody may have changed their mind in this moment.
        await writer.DeleteUnchangedAsync(room, cancellation).ConfigureAwait(false);
        return RoomRetries.Usual;
    }

    /// <summary>Takes the room from its clients and leaves it without a pod.</summary>
    /// <returns>When to try again; null when it is done.</returns>
    public async Task<TimeSpan?> QuarantineAsync(ConferenceRoom room, RoomDecision decision, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        if (decision.IsLoss)
        {
            var status = RoomStatusBuilder.Quarantined(room, decision.Reason, losses, time.GetUtcNow());
            await writing.WriteAsync(room, status, cancellation).ConfigureAwait(false);
            events.Warning(room, RoomEvents.Quarantined, Conditions.Find(status.Conditions, ConferenceRoomConditions.Quarantined)!.Message);
        }

        ledgers.Forget(ObjectKey.Of(room));
        if (RoomRoutes.Of(room) is null)
        {
            return null;
        }

        if (!await routing.WithdrawAsync(room, cancellation).ConfigureAwait(false))
        {
            return RoomRetries.Usual;
        }

        await writing.WriteAsync(room, RoomStatusBuilder.WithoutPod(room), cancellation).ConfigureAwait(false);
        return null;
    }

    public void Forget(ObjectKey room) => usage.Forget(room);

    /// <summary>Has the usage webhook told of a room that has ended, where there is one and it has not been yet.</summary>
    /// <returns>When to try again; null when nobody is to be told any more.</returns>
    private async Task<TimeSpan?> TellUsageAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (!usage.IsOwed(room))
        {
            return null;
        }

        if (await usage.SendAsync(room, cancellation).ConfigureAwait(false) is { } again)
        {
            return again;
        }

        // Killed in between, it is told once more.
        await writer.UpdateStatusAsync(room, room.Status! with { Usage = room.Status.Usage! with { Delivered = true } }, cancellation).ConfigureAwait(false);
        return null;
    }

    private static string? ReasonOf(ConferenceRoom room) =>
        Conditions.Find(room.Status?.Conditions ?? [], ConferenceRoomConditions.Ready) is { Reason: RoomEvents.Ended } ended ? ended.Message : null;
}
