using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>A publisher's decision about who may subscribe to which of its tracks. Immutable.</summary>
internal sealed class SubscriptionAccess
{
    private readonly Dictionary<string, HashSet<string>?> _byIdentity = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>?> _bySid = new(StringComparer.Ordinal);

    /// <returns>Null when everybody may subscribe to everything.</returns>
    public static SubscriptionAccess? From(SubscriptionPermission permission)
    {
        if (permission.AllParticipants)
        {
            return null;
        }

        var access = new SubscriptionAccess();
        foreach (var entry in permission.TrackPermissions)
        {
            // A null set stands for all tracks.
            var tracks = entry.AllTracks ? null : entry.TrackSids.ToHashSet(StringComparer.Ordinal);
            if (entry.ParticipantIdentity.Length > 0)
            {
                access._byIdentity[entry.ParticipantIdentity] = tracks;
            }
            else
            {
                access._bySid[entry.ParticipantSid] = tracks;
            }
        }

        return access;
    }

    /// <summary>Whether the subscriber may receive the track, of media or of data, with this sid.</summary>
    public bool Allows(Participant subscriber, string track)
    {
        if (!_byIdentity.TryGetValue(subscriber.Identity, out var tracks) && !_bySid.TryGetValue(subscriber.Sid.Value, out tracks))
        {
            return false;
        }

        return tracks is null || tracks.Contains(track);
    }
}
