using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Units;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Http.Messages;

namespace BuildIt.RoomApi.Http;

/// <summary>What callers may ask of a room, and how it becomes a specification. Pure; throws <see cref="ApiProblem"/> with every fault named.</summary>
public static partial class RoomRules
{
    private const int MaxName = 256;
    private const int MaxRegions = 8;

    public static ConferenceRoomSpec ToSpec(
        CreateRoomRequest request, string createdBy, IReadOnlyList<string> regions, RoomApiSettings settings, DateTimeOffset now)
    {
        var faults = new List<string>();
        CheckName(request.Name, faults);
        CheckSettings(request.Settings, settings, faults);
        CheckExpiry(request.ExpiresAt, settings, now, faults);
        CheckRegions(request.Regions, faults);
        var most = request.Settings?.MaxParticipants ?? Math.Min(100, settings.MaxParticipants);
        if (request.ExpectedParticipants is { } expected && (expected < 1 || expected > most))
        {
            faults.Add($"expectedParticipants must be from 1 to maxParticipants ({most}).");
        }

        Throw(faults);
        var asked = request.Settings;
        return new ConferenceRoomSpec
        {
            DisplayName = request.Name,
            CreatedBy = createdBy,
            MaxParticipants = most,
            ExpectedParticipants = request.ExpectedParticipants,
            ExpiresAt = (request.ExpiresAt is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : now + settings.RoomLifetime).UtcDateTime,
            TtlAfterEnded = KubeDuration.From(settings.EndedRoomTtl),
            Settings = new RoomSettings
            {
                RequireApproval = asked?.RequireApproval ?? false,
                AllowScreenShare = asked?.AllowScreenShare ?? true,
                AllowRecording = asked?.AllowRecording ?? false,
                Locked = asked?.Locked ?? false,
            },
            Placement = new PlacementSpec { Regions = regions },
        };
    }

    /// <summary>The merge patch for an update; null when it asks for nothing.</summary>
    public static JsonObject? ToPatch(UpdateRoomRequest request, RoomApiSettings settings, DateTimeOffset now)
    {
        var faults = new List<string>();
        CheckName(request.Name, faults);
        CheckSettings(request.Settings, settings, faults);
        CheckExpiry(request.ExpiresAt, settings, now, faults);
        Throw(faults);

        var spec = new JsonObject();
        Set(spec, "displayName", request.Name);
        Set(spec, "maxParticipants", request.Settings?.MaxParticipants);
        if (request.ExpiresAt is { } end)
        {
            spec["expiresAt"] = DateTimeOffset.FromUnixTimeMilliseconds(end).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        }

        var changes = new JsonObject();
        Set(changes, "requireApproval", request.Settings?.RequireApproval);
        Set(changes, "allowScreenShare", request.Settings?.AllowScreenShare);
        Set(changes, "allowRecording", request.Settings?.AllowRecording);
        Set(changes, "locked", request.Settings?.Locked);
        if (changes.Count > 0)
        {
            spec["settings"] = changes;
        }

        return spec.Count == 0 ? null : new JsonObject { ["spec"] = spec };
    }

    private static void Set<T>(JsonObject json, string name, T? value)
    {
        if (value is not null)
        {
            json[name] = JsonValue.Create(value);
        }
    }

    private static void CheckName(string? name, List<string> faults)
    {
        if (name is not null && (name.Length is 0 or > MaxName || name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name)))
        {
            faults.Add($"name must be 1 to {MaxName} characters without control characters.");
        }
    }

    private static void CheckSettings(RoomSettingsRequest? request, RoomApiSettings settings, List<string> faults)
    {
        if (request?.E2eeRequired == false)
        {
            faults.Add("settings.e2eeRequired is always true: rooms without end-to-end encryption do not exist.");
        }

        if (request?.MaxParticipants is { } most && (most < 1 || most > settings.MaxParticipants))
        {
            faults.Add($"settings.maxParticipants must be from 1 to {settings.MaxParticipants}.");
        }
    }

    private static void CheckExpiry(long? milliseconds, RoomApiSettings settings, DateTimeOffset now, List<string> faults)
    {
        if (milliseconds is not { } end)
        {
            return;
        }

        var (first, last) = (now.ToUnixTimeMilliseconds(), (now + settings.MaxRoomLifetime).ToUnixTimeMilliseconds());
        if (end <= first || end > last)
        {
            faults.Add($"expiresAt must be in the future and at most {settings.MaxRoomLifetime.TotalHours:0} hours from now, in milliseconds since 1970.");
        }
    }

    private static void CheckRegions(IReadOnlyList<string>? regions, List<string> faults)
    {
        if (regions is { Count: > MaxRegions })
        {
            faults.Add($"regions must hold at most {MaxRegions} names.");
        }
        else if (regions is not null && !regions.All(IsRegion))
        {
            faults.Add("regions must be names such as eu-west-1.");
        }
    }

    public static bool IsRegion(string text) => text.Length <= 63 && DnsLabel().IsMatch(text);

    private static void Throw(List<string> faults)
    {
        if (faults.Count > 0)
        {
            throw ApiProblem.BadRequest(string.Join(' ', faults));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();
}
