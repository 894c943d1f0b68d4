using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>Changes what participants say of themselves: name, metadata and attributes. Used on the room's loop.</summary>
internal sealed class ParticipantTexts(NewsBounds bounds, ParticipantNews news, LimitReports reports)
{
    /// <summary>A participant changes what it says of itself, if it may, and is told whether that was done.</summary>
    public void UpdateOwn(Participant participant, UpdateParticipantMetadata request, Instant now)
    {
        var response = new RequestResponse { RequestId = request.RequestId, UpdateMetadata = request };
        if (!participant.Permission.CanUpdateMetadata)
        {
            (response.Reason, response.Message) = (Reason.NotAllowed, "does not have permission to update own metadata");
        }
        else if (!participant.MetadataBudget.TryTake(1, now) || !participant.MetadataBytesBudget.TryTake(SizeAfter(participant, request), now))
        {
            reports.Count(participant, ClientLimit.Metadata, now);
            (response.Reason, response.Message) = (Reason.LimitExceeded, "too many updates");
        }
        else if (!TryUpdate(participant, request.Name, request.Metadata, request.Attributes, now))
        {
            (response.Reason, response.Message) = (Reason.LimitExceeded, "metadata, name or attributes exceed the limits");
        }

        // Older clients take any response for a failure.
        if (response.Reason != Reason.Ok || ProtocolFeatures.RequestResponseOk(participant.Join.Protocol))
        {
            participant.Send(new SignalResponse { RequestResponse = response });
        }
    }

    /// <summary>Changes texts within the limits; an empty name or metadata, and absent attributes, stay as they are.</summary>
    public bool TryUpdate(
        Participant participant, string name, string metadata, IEnumerable<KeyValuePair<string, string>> attributes, Instant now)
    {
        var merged = new Dictionary<string, string>(participant.Attributes, StringComparer.Ordinal);
        foreach (var (key, value) in attributes)
        {
            if (value.Length == 0)
            {
                merged.Remove(key);
            }
            else
            {
                merged[key] = value;
            }
        }

        var nextMetadata = metadata.Length > 0 ? metadata : participant.Metadata;
        if (name.Length > JoinLimits.MaxName || !JoinLimits.Fits(nextMetadata, merged))
        {
            return false;
        }

        var nextName = name.Length > 0 ? name : participant.Name;
        if (!bounds.MaySay(participant, Size(nextName, nextMetadata, merged) - Size(participant.Name, participant.Metadata, participant.Attributes)))
        {
            return false;
        }

        participant.Name = nextName;
        participant.Metadata = nextMetadata;
        participant.Attributes.Clear();
        foreach (var (key, value) in merged)
        {
            participant.Attributes.Add(key, value);
        }

        participant.Changed();
        news.Publish(participant, now);
        return true;
    }

    /// <summary>At most what everybody is sent: what the participant says of itself, with the update.</summary>
    private static int SizeAfter(Participant participant, UpdateParticipantMetadata request) =>
        participant.Metadata.Length + JoinLimits.Size(participant.Attributes) + request.CalculateSize();

    private static int Size(string name, string metadata, IReadOnlyDictionary<string, string> attributes) =>
        Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(metadata) + JoinLimits.Size(attributes);
}
