using System.Globalization;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>What a <see cref="GroupCall"/> went through when what served it was killed.</summary>
/// <param name="Victim">What was killed.</param>
/// <param name="Back">How long it took until all saw and heard all again.</param>
/// <param name="Before">Where everybody stood.</param>
/// <param name="After">Where everybody stood when they were back.</param>
/// <param name="IsUndisturbed">Then no page had been loaded again, and none had anything to tell its person.</param>
/// <param name="Grown">Where everybody stood when one more had come in.</param>
public sealed record GroupFailover(string Victim, TimeSpan Back, Standing Before, Standing After, bool IsUndisturbed, Standing Grown)
{
    /// <summary>Nobody was away for so long that the group went on without them: nobody may have come back as somebody new.</summary>
    public bool IsSameGroup => Back < GroupCall.GivenUp;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Before.Present} members, {Victim} killed: all see and hear all after {Back.TotalSeconds:F2} s; epoch {Before.Epoch} before, {After.Epoch} after; {After.Roster.Count} in every roster, safety number {After.SafetyNumber}; one more: epoch {Grown.Epoch}, {Grown.Roster.Count} in every roster");
}
