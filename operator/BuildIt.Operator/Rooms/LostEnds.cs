using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Ends again, in the registry, rooms that are over and that a registry has brought back: a node that remembers the end refuses
/// the route it finds, and reports so. Any thread.
/// </summary>
internal sealed partial class LostEnds(IObjectCache<ConferenceRoom> rooms, ApiClient client, RoutePublisher routes, ILogger<LostEnds> log)
{
    /// <summary>Writes the end of a room that is over; nothing happens to one that is not.</summary>
    /// <param name="room">The room that a node refuses.</param>
    /// <param name="generation">The lowest generation that it would believe.</param>
    public async Task MendAsync(ObjectKey room, long generation)
    {
        try
        {
            // A cache may be behind: that a room is over is said by its object alone, or by there being none.
            if (IsOver(rooms.Find(room)) && IsOver(await client.GetAsync<ConferenceRoom>(room.Namespace, room.Name, CancellationToken.None).ConfigureAwait(false))
                && await routes.EndAsync(room, generation).ConfigureAwait(false))
            {
                LogMended(room.Name, generation);
            }
        }
#pragma warning disable CA1031 // Nobody waits for this: the node reports the room again, and it is tried again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogFailed(failure, room.Name);
        }
    }

    private static bool IsOver(ConferenceRoom? room) => room is null || (room.Status?.Phase is RoomPhase.Ended && RoomRoutes.Origin(room.Status) is null);

    [LoggerMessage(Level = LogLevel.Information, Message = "The registry had lost that room {Room} is over: it says so again, at generation {Generation}")]
    private partial void LogMended(string room, long generation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of room {Room}, which the registry has lost, could not be written again")]
    private partial void LogFailed(Exception failure, string room);
}
