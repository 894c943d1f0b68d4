namespace BuildIt.EndToEnd.Tests.Fleets;

/// <summary>Containers and browsers have the machine to themselves, some tests measure time. What only renders goes side by side before.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FleetCollection : ICollectionFixture<Installations>
{
    public const string Name = "Fleets";
}
