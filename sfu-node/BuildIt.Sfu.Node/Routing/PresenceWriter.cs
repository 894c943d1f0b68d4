using System.Threading.Channels;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Writes who is in the rooms of this node to the registry. Events come from media loops and must not wait, so they are queued;
/// what does not fit is made up for by <see cref="RouteWatch"/>, which writes whole rooms. Entries of people who were moved or
/// lost stay: they tell the next node who belongs to the room.
/// </summary>
public sealed class PresenceWriter(IRegionRegistry registry, RouteTable table, BackgroundFaults faults) : BackgroundService, IRoomObserver
{
    private readonly Channel<Change> _changes = Channel.CreateBounded<Change>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void OnEvent(RoomEvent happened)
    {
        if (happened.Room.Name.Length is 0 or > RoomId.MaxLength)
        {
            return;
        }

        var id = new RoomId(happened.Room.Name);
        switch (happened)
        {
            case RoomEvent.ParticipantJoined { Participant: var joined }:
                Write(id, joined);
                break;

            case RoomEvent.TrackPublished { Participant: var publisher }:
                Write(id, publisher);
                break;

            case RoomEvent.TrackUnpublished { Participant: var publisher }:
                Write(id, publisher);
                break;

            case RoomEvent.ParticipantLeft { Participant: var gone } when !WillBeBack(gone.DisconnectReason):
                _changes.Writer.TryWrite(new Change(id, gone.Identity, null));
                break;

            case RoomEvent.Finished { Why: not RoomEndReason.RoomEndSuperseded }:
                _changes.Writer.TryWrite(new Change(id, null, null));
                break;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var change in _changes.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await WriteAsync(change, stoppingToken);
                }
                catch (RegistryUnavailableException)
                {
                    // Written as a whole when the registry is back.
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    faults.Count("presence", e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Write(RoomId room, ParticipantInfo here) => _changes.Writer.TryWrite(new Change(room, here.Identity, new Presence
    {
        Participant = here.Identity,
        Node = table.Self,
        JoinedAt = DateTimeOffset.FromUnixTimeMilliseconds(here.JoinedAtMs),
        Publishing = here.IsPublisher,
    }));

    private Task WriteAsync(Change change, CancellationToken cancellation) => change switch
    {
        { Participant: null } => registry.ClearPresenceAsync(change.Room, cancellation),
        { Present: { } present } => registry.SetPresenceAsync(change.Room, [present], cancellation),
        _ => registry.RemovePresenceAsync(change.Room, change.Participant, table.Self, cancellation),
    };

    private static bool WillBeBack(DisconnectReason reason) => reason is
        DisconnectReason.Migration or DisconnectReason.ServerShutdown or DisconnectReason.ConnectionTimeout or DisconnectReason.StateMismatch;

    private readonly record struct Change(RoomId Room, string? Participant, Presence? Present);
}
