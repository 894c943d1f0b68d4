using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>What one part of a room amounts to at a moment. What is of the room as a whole (whether anybody was ever there, its tracks, its links) its home knows.</summary>
internal readonly record struct PartFigures(
    int Participants,
    int Publishers,
    int Subscribers,
    bool EndToEndEncrypted,
    bool EverJoined,
    double? EmptySeconds,
    double ParticipantSeconds,
    RoomTraffic Traffic,
    IReadOnlyDictionary<string, long> Relayed,
    IReadOnlyDictionary<string, (int Participants, int Publishers)> Arrivals,
    TimeSpan? ParentSilence,
    Instant At)
{
    /// <summary>On the room's loop, which belongs to media: what is made of the figures is made elsewhere.</summary>
    public static PartFigures Of(RoomCore core, Instant now) => new(
        core.Figures.ParticipantCount,
        core.Figures.PublisherCount,
        core.Figures.SubscriberCount,
        core.Figures.IsEndToEndEncrypted,
        core.Figures.EverJoined,
        core.Figures.EmptyFor(now)?.TotalSeconds,
        core.Figures.ParticipantTime(now).TotalSeconds,
        core.Figures.Traffic,
        core.Figures.Relayed,
        core.Figures.Arrivals(),

        // The operator looks for another way from then on, before this node gives the one that it has up.
        core.Figures.ParentSilence(now) is { } silence && silence >= IRelayPeer.SuspectAfter ? silence : null,
        now);

    /// <summary>These, of a room's home, with those of a further part of it.</summary>
    public PartFigures With(in PartFigures part)
    {
        var arrivals = new Dictionary<string, (int Participants, int Publishers)>(Arrivals, StringComparer.Ordinal);
        foreach (var (region, came) in part.Arrivals)
        {
            var known = arrivals.GetValueOrDefault(region);
            arrivals[region] = (known.Participants + came.Participants, known.Publishers + came.Publishers);
        }

        return this with
        {
            Participants = Participants + part.Participants,
            Publishers = Publishers + part.Publishers,
            Subscribers = Subscribers + part.Subscribers,
            ParticipantSeconds = ParticipantSeconds + part.ParticipantSeconds,
            Traffic = new RoomTraffic(
                Traffic.BytesReceived + part.Traffic.BytesReceived,
                Traffic.BytesSent + part.Traffic.BytesSent,
                Mean(Traffic.RoundTrip?.TotalMilliseconds, part.Traffic.RoundTrip?.TotalMilliseconds, part.Participants) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
                Mean(Traffic.Loss, part.Traffic.Loss, part.Participants)),
            Arrivals = arrivals,
        };
    }

    /// <summary>What only grows, of a part that is closed.</summary>
    public PartFigures Rest() => this with
    {
        Participants = 0,
        Publishers = 0,
        Subscribers = 0,
        Traffic = new RoomTraffic(Traffic.BytesReceived, Traffic.BytesSent),
        Arrivals = new Dictionary<string, (int Participants, int Publishers)>(),
    };

    private double? Mean(double? here, double? there, int people) =>
        here is { } one && there is { } other
            ? (one * Participants + other * people) / Math.Max(1, Participants + people)
            : here ?? there;
}
