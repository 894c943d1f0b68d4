namespace BuildIt.Sfu.Media.Base;

/// <summary>Server-given id of one participant's session (<c>PA_…</c>). It changes with every full join.</summary>
public readonly record struct ParticipantSid(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Server-given id of one published track (<c>TR_…</c>).</summary>
public readonly record struct TrackSid(string Value)
{
    public override string ToString() => Value;
}

/// <summary>Server-given id of one room session (<c>RM_…</c>).</summary>
public readonly record struct RoomSid(string Value)
{
    public override string ToString() => Value;
}
