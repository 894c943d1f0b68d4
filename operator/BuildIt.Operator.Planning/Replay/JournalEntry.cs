namespace BuildIt.Operator.Planning.Replay;

/// <summary>Something that was decided, once or again and again.</summary>
/// <param name="What">In a few words, without the reason.</param>
/// <param name="Reason">Why.</param>
/// <param name="FirstAt">When it was decided first.</param>
/// <param name="LastAt">When it was decided last.</param>
/// <param name="Times">How often.</param>
public sealed record JournalEntry(string What, string Reason, DateTimeOffset FirstAt, DateTimeOffset LastAt, int Times);
