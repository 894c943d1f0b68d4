namespace BuildIt.Sfu.Node.Parts;

/// <summary>What a loop carries.</summary>
/// <param name="Busy">Share of a core that it used over the last second, 0 to 1.</param>
/// <param name="BusyFor">For how long that has been <see cref="PartPlanner.OpenAbove"/> or more.</param>
/// <param name="Arrivals">People who were given to it since that was measured, and are not in it yet.</param>
public readonly record struct LoopLoad(double Busy, TimeSpan BusyFor, int Arrivals);

/// <summary>A part of a room.</summary>
/// <param name="Loop">The loop on which it lives.</param>
/// <param name="People">Who are connected to it.</param>
/// <param name="IsReady">Whether it has all that its room has.</param>
public readonly record struct PartLoad(int Loop, int People, bool IsReady);

/// <summary>What is to become of somebody who joins a room.</summary>
/// <param name="Loop">The loop whose part of the room serves the newcomer.</param>
/// <param name="Opens">The loop on which a further part is to be opened, for those who come next; null when none is.</param>
public readonly record struct PartPlan(int Loop, int? Opens = null);
