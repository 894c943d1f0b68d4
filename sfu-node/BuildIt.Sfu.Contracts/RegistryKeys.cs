namespace BuildIt.Sfu.Contracts;

/// <summary>
/// Names in the registry (Redis). A scope keeps tenants apart: it is the Kubernetes namespace of the fleet and its rooms.
/// Everything here can be lost without losing a room; see <see cref="Epoch"/>.
/// </summary>
public sealed class RegistryKeys(string scope)
{
    private readonly string _prefix = $"buildit:{{{scope}}}:";

    /// <summary>The Kubernetes namespace that the names belong to.</summary>
    public string Scope { get; } = scope;

    /// <summary>
    /// String, no expiry: any text the operator wrote when it last published all routes. Missing means that the registry is
    /// new or was emptied, and that every route has to be published again.
    /// </summary>
    public string Epoch => _prefix + "epoch";

    /// <summary>Counter with expiry: the latest term of an operator that has written a route. A leader of an earlier one has no say.</summary>
    public string Term => _prefix + "term";

    /// <summary>Sorted set of node ids by the Unix time in milliseconds of their last heartbeat: the index over <see cref="Node"/>.</summary>
    public string Nodes => _prefix + "nodes";

    /// <summary>Channel: the id of a room whose route has changed.</summary>
    public string RouteChanges => _prefix + "route-changes";

    /// <summary>Channel: the id of a node that has written its heartbeat before its time, because something in it cannot wait to be read.</summary>
    public string EarlyHeartbeats => _prefix + "early-heartbeats";

    /// <summary>Channel: the <see cref="Revocation"/> just made, as JSON.</summary>
    public string RevocationChanges => _prefix + "revocation-changes";

    /// <summary>String: <see cref="Heartbeat"/> as JSON, expires after <see cref="Heartbeat.Expiry"/>.</summary>
    public string Node(NodeId node) => $"{_prefix}node:{node}";

    /// <summary>String: <see cref="RoomRoute"/> as JSON. Written only with a generation at least as high as the one there.</summary>
    public string Route(RoomId room) => $"{_prefix}route:{room}";

    /// <summary>Hash of ephemeral participant id to <see cref="Presence"/> as JSON.</summary>
    public string PresenceOf(RoomId room) => $"{_prefix}presence:{room}";

    /// <summary>Hash of revoked ephemeral participant id (or token id) to <see cref="Revocation"/> as JSON; expires with the last token.</summary>
    public string Revocations(RoomId room) => $"{_prefix}revoked:{room}";

    /// <summary>String with expiry: a NIP-98 event id that was used.</summary>
    public string UsedEvent(string eventId) => $"{_prefix}nip98:{eventId}";

    /// <summary>String with expiry, one for each replica: that it has its used events here. Missing when the registry was emptied.</summary>
    public string UsedEventsKept(string replica) => $"{_prefix}nip98-kept:{replica}";

    /// <summary>Counter with expiry: requests of one caller (a keyed hash, never the address or key itself) in one window.</summary>
    public string RateLimit(string bucket) => $"{_prefix}rate:{bucket}";

    /// <summary>String with expiry: the answer given to an idempotency key.</summary>
    public string Idempotency(string key) => $"{_prefix}idempotency:{key}";

    /// <summary>Hash of ephemeral participant id to waiting-room state.</summary>
    public string WaitingRoom(RoomId room) => $"{_prefix}waiting:{room}";

    /// <summary>String, no expiry: present while revocations are complete. Missing means that they have to be written again from the rooms.</summary>
    public string RevocationsEpoch => _prefix + "revocations-epoch";

    /// <summary>Hash of participant id in hexadecimal to what was decided about them and the room's object does not say yet, as JSON.</summary>
    public string UndurableDecisions(RoomId room) => $"{_prefix}undurable:{room}";

    /// <summary>Set of the rooms that have <see cref="UndurableDecisions"/>.</summary>
    public string RoomsWithUndurableDecisions => _prefix + "undurable-rooms";

    /// <summary>Hash with expiry: the ordered commits of a room's MLS group, sealed by the room-api, and where they stand.</summary>
    public string CommitLog(RoomId room) => $"{_prefix}commits:{room}";

    /// <summary>Channel: the id of a room whose <see cref="CommitLog"/> has changed.</summary>
    public string CommitLogChanges => _prefix + "commit-log-changes";

    /// <summary>Hash with expiry: the mail that waits for an ephemeral participant id in a room, sealed by the room-api.</summary>
    public string Mailbox(RoomId room, string participant) => $"{_prefix}mail:{room}:{participant}";

    /// <summary>Channel: the id of a room and the ephemeral id of a participant for whom mail has come, with a space between.</summary>
    public string MailChanges => _prefix + "mail-changes";

    /// <summary>Sorted set of the names that hold what members left, by the Unix time in milliseconds when they expire.</summary>
    public string LeftBehind => _prefix + "left-behind";

    /// <summary>Hash of the names in <see cref="LeftBehind"/> to the bytes they hold, and of <c>total</c> to their sum.</summary>
    public string LeftBehindBytes => _prefix + "left-behind-bytes";

    /// <summary>Hash of <c>node|generation|boot</c> to participant-seconds served, for cost; expires after the room ended.</summary>
    public string Usage(RoomId room) => $"{_prefix}usage:{room}";
}
