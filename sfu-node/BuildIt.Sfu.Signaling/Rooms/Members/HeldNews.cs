using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>
/// The first moments of a client that has come back with a new session: what happens to others meanwhile is told when they are over.
/// LiveKit's JavaScript client, as of 2.23, keeps a room's events back for two seconds after it has the join response, but lets them go
/// only once, when it counts as connected, which is sooner. What reached it between would stay in its buffer: newcomers never
/// announced, their tracks never decrypted. What is there when it joins is not concerned: it is in the join response.
/// </summary>
internal sealed class HeldNews(Instant joinedAt)
{
    /// <summary>
    /// The client's two seconds, and what the join response may take to be acted on beyond what the news take. Only for a client that
    /// does not show when they began.
    /// </summary>
    private static readonly TimeSpan AfterJoin = TimeSpan.FromSeconds(2.4);

    /// <summary>A client that publishes announces its tracks anew when its two seconds have begun.</summary>
    private static readonly TimeSpan AfterAnnouncement = TimeSpan.FromSeconds(2.05);

    private readonly Dictionary<string, ParticipantInfo> _held = new(StringComparer.Ordinal);
    private bool _announced;

    /// <summary>When the client has settled.</summary>
    public Instant Until { get; private set; } = joinedAt + AfterJoin;

    /// <summary>The newest state of each participant that changed, in the order in which they first did.</summary>
    public IEnumerable<ParticipantInfo> Held => _held.Values;

    /// <summary>
    /// Sections to ask for then: what has no place in the client's first offer would come up in its next one, perhaps after it counts as
    /// connected. The newest request outweighs those before.
    /// </summary>
    public MediaSectionsRequirement? Sections { get; set; }

    /// <summary>Whether a client needs it.</summary>
    public static bool IsFor(ClientInfo client) => client.Sdk is ClientInfo.Types.SDK.Js or ClientInfo.Types.SDK.ReactNative;

    public void Hold(IEnumerable<ParticipantInfo> participants)
    {
        foreach (var info in participants)
        {
            _held[info.Sid] = info;
        }
    }

    /// <summary>The client announced a track.</summary>
    public void Announced(Instant now)
    {
        if (!_announced)
        {
            _announced = true;
            Until = now + AfterAnnouncement;
        }
    }
}
