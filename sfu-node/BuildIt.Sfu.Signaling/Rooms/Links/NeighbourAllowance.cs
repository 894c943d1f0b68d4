using BuildIt.Sfu.Media.Base;
using Body = BuildIt.Sfu.Signaling.Protocol.Relay.RelayMessage.BodyOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>
/// What another node may say of one room: more than a sound one ever does, also when a large room is said anew after links broke, and so
/// little that everybody else on the loop is served. It is of the node and not of a link: another link gives nothing back. Used on the
/// room's loop.
/// </summary>
internal sealed class NeighbourAllowance
{
    // Reading a message that says nothing new takes some microseconds: each of these is less than a fifth of a loop.
    private TokenBucket _news = new(10_000, 40_000);
    private TokenBucket _streams = new(20_000, 80_000);
    private TokenBucket _data = new(20_000, 20_000);

    // What a data message becomes here; a room of a thousand in which hundreds write in the same second.
    private TokenBucket _deliveries = new(300_000, 600_000);

    // Everybody is told of who comes. A room is full with 10,000.
    private TokenBucket _arrivals = new(1_000, 10_000);
    private TokenBucket _probes = new(10, 20);

    /// <summary>Takes a message if it is allowed.</summary>
    public bool TryTake(Body kind, Instant now) => kind switch
    {
        Body.Track or Body.Layers or Body.Demand or Body.DataTrackDemand => _streams.TryTake(1, now),
        Body.Data or Body.DataTrack => _data.TryTake(1, now),
        Body.Probe => _probes.TryTake(1, now),
        _ => _news.TryTake(1, now),
    };

    /// <summary>Takes what a data message comes to at those who receive it here, if that is allowed.</summary>
    public bool TryDeliver(int receivers, Instant now) => _deliveries.TryTake(receivers, now);

    /// <summary>Takes somebody who was not in the room if that is allowed.</summary>
    public bool TryTakeArrival(Instant now) => _arrivals.TryTake(1, now);
}
