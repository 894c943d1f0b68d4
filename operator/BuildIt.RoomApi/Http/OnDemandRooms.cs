using System.Text.RegularExpressions;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Units;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// Makes rooms that somebody asks a node for. They belong to whoever holds an API key, so nobody is host in them. A room of
/// that kind that has ended makes way for a new one of its name; any other that has ended stays ended. Thread-safe.
/// </summary>
public sealed partial class OnDemandRooms(
    RoomStore rooms, RoomWatch watch, FleetDirectory fleets, RoomApiMetrics metrics, RoomApiSettings settings, TimeProvider time)
{
    private const int MaxRegions = 32;
    private const int MostSeconds = 168 * 3600;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Creates the room, or finds it, and waits until it is placed.</summary>
    /// <exception cref="ApiProblem">The name cannot be, the room has ended, or it was not placed in time.</exception>
    public async Task CreateAsync(RoomCreation asked, CancellationToken cancellation)
    {
        var name = asked.Room.Value;
        if (!ObjectName().IsMatch(name) || RoomIds.IsValid(name))
        {
            throw ApiProblem.BadRequest(
                "A room created on demand is named with lower-case letters, digits, '-' and '.', starts and ends with a letter or digit, and is not named like the rooms of the room API (32 hexadecimal digits).");
        }

        var start = time.GetTimestamp();
        while (true)
        {
            var room = await rooms.FindAsync(name, cancellation) ?? await MakeAsync(asked, cancellation);
            var left = settings.ReadyDeadline - time.GetElapsedTime(start);
            if (room is not null && !Admission.IsOver(room, time.GetUtcNow()))
            {
                room = await watch.WaitAsync(room, left, cancellation);
                if (room is not null && Admission.IsPlaced(room) && !Admission.IsOver(room, time.GetUtcNow()))
                {
                    return;
                }
            }
            else if (room is not null)
            {
                await MakeWayAsync(room, cancellation);
            }

            if (left <= TimeSpan.Zero)
            {
                throw ApiProblem.NotReady(room is null || Admission.IsOver(room, time.GetUtcNow())
                    ? "the room of this name that was here before is still being ended."
                    : Admission.WhyNotPlaced(room));
            }

            await Task.Delay(LookInterval, time, cancellation);
        }
    }

    /// <summary>Null when somebody else made it in the same moment.</summary>
    private async Task<ConferenceRoom?> MakeAsync(RoomCreation asked, CancellationToken cancellation)
    {
        var ranked = RegionChoice.Rank(await fleets.AllAsync(cancellation), Place.Unknown, [asked.Region]);
        var created = await rooms.CreateAsync(
            new ConferenceRoom
            {
                Metadata = new()
                {
                    Name = asked.Room.Value,
                    Labels = new Dictionary<string, string> { [RoomAnnotations.OnDemandLabel] = "true" },
                    Annotations = RoomAnnotations.Traced(new Dictionary<string, string>()),
                },
                Spec = new ConferenceRoomSpec
                {
                    MaxParticipants = Math.Min(asked.MaxParticipants > 0 ? asked.MaxParticipants : 100, settings.MaxParticipants),
                    ExpiresAt = (time.GetUtcNow() + settings.MaxRoomLifetime).UtcDateTime,
                    EmptyTimeout = Timeout(asked.EmptyTimeoutSeconds, 300),
                    DepartureTimeout = Timeout(asked.DepartureTimeoutSeconds, 20),
                    TtlAfterEnded = KubeDuration.From(settings.EndedRoomTtl),
                    Placement = new PlacementSpec
                    {
                        Regions = [.. ranked.Select(scored => scored.Fleet.Region).Distinct(StringComparer.Ordinal).Take(MaxRegions)],
                    },
                },
            },
            cancellation);
        if (created is not null)
        {
            metrics.RoomsOnDemand.Inc();
        }

        return created;
    }

    private async Task MakeWayAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (room.Metadata.Labels?.ContainsKey(RoomAnnotations.OnDemandLabel) != true)
        {
            throw ApiProblem.Gone();
        }

        if (room.Metadata.DeletionTimestamp is null)
        {
            await rooms.DeleteAsync(room, cancellation);
        }
    }

    private static string Timeout(int seconds, int otherwise) =>
        FormattableString.Invariant($"{(seconds > 0 ? Math.Min(seconds, MostSeconds) : otherwise)}s");

    /// <summary>A DNS subdomain (RFC 1123), as names of objects are.</summary>
    [GeneratedRegex(@"^(?=.{1,253}\z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ObjectName();
}
