namespace BuildIt.Sfu.Contracts;

/// <summary>One room as the node that serves it sees it. Sums and averages only: nothing about a single participant.</summary>
public sealed record RoomReport
{
    public required RoomId Room { get; init; }

    /// <summary>The generation of the route by which the node serves the room.</summary>
    public required long Generation { get; init; }

    public int Participants { get; init; }

    public int Publishers { get; init; }

    public int Subscribers { get; init; }

    public long IngressBitsPerSecond { get; init; }

    public long EgressBitsPerSecond { get; init; }

    /// <summary>Mean round-trip time to the participants, in milliseconds; null until one was measured.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>Packets lost as a fraction of those sent, 0 to 1; null until it was measured.</summary>
    public double? LossFraction { get; init; }

    /// <summary>True when every published track announces end-to-end encryption.</summary>
    public bool EndToEndEncrypted { get; init; }

    /// <summary>Whether anybody of this generation has ever joined.</summary>
    public bool EverJoined { get; init; }

    /// <summary>
    /// For how long nobody has been there, in seconds; null while somebody is there or nobody has been. A duration, because the
    /// clock of whoever reads it is another than the node's.
    /// </summary>
    public double? EmptySeconds { get; init; }

    /// <summary>
    /// True when somebody with the right to it asked this node to end the room. It is over here, and the node says so until the
    /// route does too.
    /// </summary>
    public bool EndRequested { get; init; }

    /// <summary>Participant time served since the node took the room, in seconds, for cost.</summary>
    public double ParticipantSeconds { get; init; }
}
