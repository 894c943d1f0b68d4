using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Routing;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Has rooms created that somebody asks for and that do not exist, and waits until they have a route. However many ask for one
/// room at once, it is asked for once; nobody waits longer than <see cref="Patience"/>. Thread-safe.
/// </summary>
public sealed class RoomCreator(NodeSettings settings, RoomApiClient api, RouteFinder finder, TimeProvider time)
{
    /// <summary>Less than clients wait for their WebSocket to open.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    /// <summary>Rooms that are created at once; more would be somebody playing.</summary>
    private const int MaxPending = 200;

    private readonly ConcurrentDictionary<RoomId, Lazy<Task<RoomLocation?>>> _pending = new();

    /// <summary>False where rooms are not created on demand.</summary>
    public bool Enabled => settings.RoomApi is not null;

    /// <summary>Creates a room, or finds that somebody else has.</summary>
    /// <param name="room">Its name.</param>
    /// <param name="configuration">How it is to be; of several who ask at once the first one's counts.</param>
    /// <param name="cancellation">Gives up waiting; the room is created all the same.</param>
    /// <returns>Null when the room has a route now, else what to answer.</returns>
    public async Task<RoomLocation?> CreateAsync(RoomId room, RoomConfiguration? configuration, CancellationToken cancellation)
    {
        if (_pending.Count >= MaxPending && !_pending.ContainsKey(room))
        {
            return new RoomLocation.NotCreated("the room could not be created: too many are being created, ask again", Again: true);
        }

        var pending = _pending.GetOrAdd(room, key => new Lazy<Task<RoomLocation?>>(() => RunAsync(key, configuration)));
        return await pending.Value.WaitAsync(cancellation);
    }

    private async Task<RoomLocation?> RunAsync(RoomId room, RoomConfiguration? configuration)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            if (await api.CreateAsync(Creation(room, configuration), limit.Token) is { } refused)
            {
                return refused;
            }

            await UntilRoutedAsync(room, limit.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return new RoomLocation.NotCreated("the room could not be created in time: ask again", Again: true);
        }
        finally
        {
            _pending.TryRemove(room, out _);
        }
    }

    /// <summary>The room-api answers when the object says where the room is; the route follows it.</summary>
    private async Task UntilRoutedAsync(RoomId room, CancellationToken cancellation)
    {
        await finder.LookUpAsync(room, cancellation);
        await finder.UntilAsync(room, route => route.State != RoomRouteState.Ended, cancellation);
    }

    private RoomCreation Creation(RoomId room, RoomConfiguration? configuration) => new()
    {
        Room = room,
        Region = settings.Region,
        MaxParticipants = Whole(configuration?.MaxParticipants),
        EmptyTimeoutSeconds = Whole(configuration?.EmptyTimeout),
        DepartureTimeoutSeconds = Whole(configuration?.DepartureTimeout),
    };

    private static int Whole(uint? number) => (int)Math.Min(number ?? 0, int.MaxValue);
}
