using System.Text.Json;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.RoomApi.Rooms;

/// <summary>
/// Decisions about participants are kept in annotations of the room, one for each participant, so that they survive Redis
/// and every restart, and so that two of them made at once do not overwrite each other.
/// </summary>
public static class RoomAnnotations
{
    public const string Prefix = "participant." + SfuApi.Group + "/";

    /// <summary>Label by which a creator's rooms are found: the first 32 digits of createdBy, as a label holds no more than 63.</summary>
    public const string CreatorLabel = SfuApi.Group + "/created-by";

    /// <summary>Label of a room that was created because somebody asked a node for it.</summary>
    public const string OnDemandLabel = SfuApi.Group + "/on-demand";

    /// <summary>
    /// Most participants about whom something may be decided in one room. Kubernetes allows 256 KiB of annotations; one takes
    /// up to 140 bytes.
    /// </summary>
    public const int MaxDecisions = 1800;

    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static string NameFor(ParticipantId participant) => Prefix + participant.Hex;

    public static string Write(Decision decision) => JsonSerializer.Serialize(decision, Options);

    /// <summary>Adds what the creation of the room is part of, where that is traced, for the operator to go on from.</summary>
    public static IDictionary<string, string> Traced(IDictionary<string, string> annotations)
    {
        if (OwnSpans.Current?.Id is { } parent)
        {
            annotations[SfuApi.Traceparent] = parent;
        }

        return annotations;
    }

    public static string CreatorLabelValue(string createdBy) => createdBy[..32];

    public static Decision Of(ConferenceRoom room, ParticipantId participant) =>
        room.Metadata.Annotations is { } all && all.TryGetValue(NameFor(participant), out var text) ? Read(text) : Decision.None;

    public static IEnumerable<(ParticipantId Participant, Decision Decision)> All(ConferenceRoom room)
    {
        foreach (var (name, text) in room.Metadata.Annotations ?? new Dictionary<string, string>())
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && ParticipantId.TryParseHex(name[Prefix.Length..], out var participant))
            {
                yield return (participant, Read(text));
            }
        }
    }

    public static int Count(ConferenceRoom room) =>
        room.Metadata.Annotations?.Keys.Count(name => name.StartsWith(Prefix, StringComparison.Ordinal)) ?? 0;

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static Decision Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Decision>(text, Options) ?? Decision.None;
        }
        catch (JsonException)
        {
            // Somebody edited it by hand. Nobody gets in by an annotation that cannot be read.
            return new Decision(Role: null, Revoked: true);
        }
    }
}
