using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>Hostile clients run alone and have a node of their own: they must not disturb other tests, nor those them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HostileTestGroup : ICollectionFixture<ConferenceFixture>
{
    public const string Name = "Hostile";
}
