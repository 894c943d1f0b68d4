namespace BuildIt.Interop.Tests;

/// <summary>
/// The trait of tests that watch media without interruption, or what a network does to it: the test script runs them while
/// nothing else runs.
/// </summary>
internal static class Quiet
{
    public const string Trait = "Machine";

    public const string Machine = "quiet";
}
