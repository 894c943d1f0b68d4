using BuildIt.Sfu.TestClient;
using BuildIt.Testing.Conferences.Browsers;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>Somebody in a conference, seen by what reaches them.</summary>
public interface IAttendee
{
    string Identity { get; }

    /// <summary>What has arrived so far from each of the others. Amounts only grow; a flow of which nothing came may be missing.</summary>
    Task<IReadOnlyDictionary<Flow, double>> ProgressAsync();
}

/// <summary>Media of one kind from one participant to another.</summary>
/// <param name="From">Identity of who sends it.</param>
/// <param name="Kind">"video" or "audio".</param>
public readonly record struct Flow(string From, string Kind);

/// <summary>A browser: pictures count when they are decoded, sound when it has energy, so only what was decrypted counts.</summary>
public sealed class BrowserAttendee(BrowserParticipant browser, string identity) : IAttendee
{
    /// <summary>So much energy counts as one; a tenth of a second of a quiet tone.</summary>
    private const double EnergyUnit = 1e-5;

    public string Identity => identity;

    public BrowserParticipant Browser => browser;

    public async Task<IReadOnlyDictionary<Flow, double>> ProgressAsync() => ToFlows(await browser.ProgressAsync());

    internal static Dictionary<Flow, double> ToFlows(IEnumerable<MediaProgress> progress) => progress
        .ToDictionary(flow => new Flow(flow.From, flow.Kind), flow => flow.Kind == "audio" ? flow.Amount / EnergyUnit : flow.Amount);
}

/// <summary>A headless participant: whole frames in order count.</summary>
public sealed class HeadlessAttendee(ReturningParticipant participant) : IAttendee
{
    public string Identity => participant.Identity;

    public ReturningParticipant Participant => participant;

    public async Task<IReadOnlyDictionary<Flow, double>> ProgressAsync() => (await participant.FramesAsync())
        .ToDictionary(flow => new Flow(flow.Key.From, flow.Key.Kind.ToString().ToLowerInvariant()), flow => (double)flow.Value);
}
