namespace BuildIt.Operator.Planning.Topology;

/// <summary>People of a room by where they are, whichever pod serves them.</summary>
/// <param name="Region">Where they arrived.</param>
/// <param name="People">How many are there now.</param>
/// <param name="Publishers">How many of them publish.</param>
public readonly record struct RegionDemand(string Region, int People, int Publishers);
