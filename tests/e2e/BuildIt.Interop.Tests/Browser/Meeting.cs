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
        var participant = await BrowserParticipant.OpenAsync(await conference.BrowserAsync(kind), conference.Pages.Url, identity, initialScript);
        Add(participant);
        try
        {
            await participant.JoinAsync(Configure(identity, configure, token));
        }
        catch (PageException refused)
        {
            var log = conference.Node.Log().Split('\n');
            throw new PageException($"{refused.Message}\n{await participant.DescribeAsync()}\nnode:\n{string.Join('\n', log.TakeLast(30))}");
        }

        return participant;
    }

    /// <summary>What somebody joins this room with.</summary>
    public JoinOptions Configure(string identity, Func<JoinOptions, JoinOptions>? configure = null, Action<TokenOptions>? token = null)
    {
        var options = new JoinOptions { Url = conference.Node.WebSocketUrl, Token = SfuNode.Token(room, identity, conference.Node.IsCascade ? MayCreate : token) };
        return configure?.Invoke(options) ?? options;

        void MayCreate(TokenOptions made)
        {
            token?.Invoke(made);
            SfuNode.MayCreate(made);
        }
    }

    /// <summary>Closes this participant's page with the others.</summary>
    public void Add(BrowserParticipant participant) => _participants.Add(participant);

    public async ValueTask DisposeAsync()
    {
        foreach (var participant in _participants)
        {
            await participant.Page.CloseAsync();
        }
    }
}
