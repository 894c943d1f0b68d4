namespace BuildIt.Operator.Planning.Links;

/// <summary>A pod that sends over a link to another fleet.</summary>
/// <param name="Instance">Its name.</param>
/// <param name="Wanted">What its rooms want to send, in bits per second.</param>
/// <param name="Share">What it was told that it may send, in bits per second; null when it was told nothing.</param>
public readonly record struct LinkSender(string Instance, long Wanted, long? Share);
