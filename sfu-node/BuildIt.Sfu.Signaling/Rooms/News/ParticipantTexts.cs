using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>Changes what participants say of themselves: name, metadata and attributes. Used on the room's loop.</summary>
internal sealed class ParticipantTexts(NewsBounds bounds, ParticipantNews news)
{
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

    private static int Size(string name, string metadata, IReadOnlyDictionary<string, string> attributes) =>
        Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(metadata) + JoinLimits.Size(attributes);
}
