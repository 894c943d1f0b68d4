namespace BuildIt.Sfu.Contracts;

/// <summary>One participant in the registry, under an ephemeral id that means nothing outside the room.</summary>
public sealed record Presence
{
    /// <summary>The ephemeral participant id of the join token.</summary>
    public required string Participant { get; init; }

    public required NodeId Node { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    public bool Publishing { get; init; }
}

/// <summary>A participant whose tokens no longer count.</summary>
public sealed record Revocation
{
    public required RoomId Room { get; init; }

    /// <summary>The ephemeral participant id of the join token.</summary>
    public required string Participant { get; init; }

    /// <summary>Tokens issued before this are refused.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>
    /// False: whoever is connected with such a token is put out. True after a demotion, which takes rights away from the
    /// connected and only keeps them from coming back with more.
    /// </summary>
    public bool KeepsConnected { get; init; }
}
