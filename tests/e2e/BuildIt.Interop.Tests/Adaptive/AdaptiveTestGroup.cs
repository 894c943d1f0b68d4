using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>Tests of what the network does to media run alone: another test's use of the processor would look like a bad network.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AdaptiveTestGroup : ICollectionFixture<ConferenceFixture>
{
    public const string Name = "Adaptive";
}
