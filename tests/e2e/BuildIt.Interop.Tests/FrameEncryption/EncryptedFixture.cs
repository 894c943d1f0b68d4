using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>A node, browsers, and pages that have the conference client's worker.</summary>
public sealed class EncryptedFixture : ConferenceFixture
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("conference-client-");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _files.Delete(recursive: true);
    }

    /// <summary>A room that no other test uses, whose members have keys.</summary>
    public EncryptedMeeting NewEncryptedMeeting() => new(this, NewMeeting());

    protected override async Task<PageServer> StartPagesAsync()
    {
        await ConferenceClientFiles.BuildAsync(Path.Combine(_files.FullName, "conference-client"));
        return await PageServer.StartAsync(pages: _files.FullName);
    }
}
