namespace BuildIt.EndToEnd.Tests.Conferences;

[CollectionDefinition(Name)]
public sealed class ConferenceCollection : ICollectionFixture<ConferenceInstallation>
{
    public const string Name = "Conferences";
}
