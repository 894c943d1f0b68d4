using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Writing;
using Phase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>Writes the status of rooms, with what they have used. Any thread.</summary>
internal sealed class RoomStatusWriter(RoomLedgers ledgers, CountWrites counts, RoomSeats seats, RoomPrices prices, ObjectWriter writer, TimeProvider time)
{
    /// <summary>Takes a person's wish off an object.</summary>
    private static readonly Dictionary<string, string?> NoMoveTo = new() { [SfuApi.MoveTo] = null };

    private static readonly Dictionary<string, string?> Nothing = [];

    /// <summary>Writes a status at once.</summary>
    /// <returns>Whether it was another one.</returns>
    public async Task<bool> WriteAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        // What it has used is no reason to write, and goes along with whatever is.
        var written = await writer.UpdateStatusAsync(room, WithUse(room, status), cancellation).ConfigureAwait(false);
        if (written)
        {
            counts.Wrote(ObjectKey.Of(room));
        }

        return written;
    }

    /// <summary>Writes a status; one that only counts people differently waits until it is called.</summary>
    public async Task WriteInTurnAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(room);
        var written = room.Status!;
        if (!RoomStatusBuilder.DifferOnlyInNumbers(written, status))
        {
            await WriteAsync(room, status, cancellation).ConfigureAwait(false);
        }
        else if (RoomStatusBuilder.HaveSameNumbers(written, status))
        {
            counts.Settle(key);
        }
        else if (counts.Ask(key))
        {
            await WriteAsync(room, status, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a status with another placement; what cannot be written is not held either.</summary>
    public async Task WritePlacementAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        try
        {
            await WriteAsync(room, status, cancellation).ConfigureAwait(false);
        }
        catch
        {
            ledgers.Release(room.Metadata.NamespaceProperty, room.Metadata.Name);
            throw;
        }
    }

    /// <summary>A person's wish that the room moves is fulfilled or refused.</summary>
    public Task SettleWishAsync(ConferenceRoom room, CancellationToken cancellation) => writer.AnnotateAsync(room, NoMoveTo, Nothing, cancellation);

    public void Forget(ObjectKey room)
    {
        seats.Forget(room);
        counts.Settle(room);
    }

    private ConferenceRoomStatus WithUse(ConferenceRoom room, ConferenceRoomStatus status)
    {
        if (room.Status is { } before && RoomStatusBuilder.IsSame(before, status))
        {
            return status;
        }

        var key = ObjectKey.Of(room);
        var (used, peak) = seats.Of(key);
        if (used.Count == 0 && status.Usage is null)
        {
            return status;
        }

        // A room that is on several pods has more people than any of them.
        return status with
        {
            Usage = RoomUse.Merge(status.Usage, used, Math.Max(peak, status.Participants), prices.Of(key.Namespace), status.Phase is Phase.Ended, time.GetUtcNow()),
        };
    }
}
