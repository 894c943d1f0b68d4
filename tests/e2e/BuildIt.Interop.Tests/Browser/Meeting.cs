using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.Browser;

/// <summary>A room of one test and the browser participants in it. Disposing closes their pages.</summary>
public sealed class Meeting(ConferenceFixture conference, string room) : IAsyncDisposable
{
    private readonly List<BrowserParticipant> _participants = [];

    public string Room => room;

    /// <summary>Joins a participant; <paramref name="initialScript"/> runs in its page before anything else.</summary>
    public async Task<BrowserParticipant> JoinAsync(
        string identity, Func<JoinOptions, JoinOptions>? configure = null, Action<TokenOptions>? token = null, string? initialScript = null,
        BrowserKind kind = BrowserKind.Chromium)
    {
        var options = new JoinOptions { Url = conference.Node.WebSocketUrl, Token = SfuNode.Token(room, identity, token) };
        var participant = await BrowserParticipant.OpenAsync(await conference.BrowserAsync(kind), conference.Pages.Url, identity, initialScript);
        _participants.Add(participant);
        await participant.JoinAsync(configure?.Invoke(options) ?? options);
        return participant;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var participant in _participants)
        {
            await participant.Page.CloseAsync();
        }
    }
}
