using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Clients that had a session before, here or at another node, and begin a new one.</summary>
public sealed partial class RoomCore
{
    /// <summary>How long after its session ended, or after the room moved here, a client counts as coming back.</summary>
    public static readonly TimeSpan ReturnTime = TimeSpan.FromMinutes(1);

    private const int MaxExpected = 1000;

    private readonly Queue<(Instant At, string Identity)> _expected = new();

    /// <summary>A session ended or could not be resumed: its client is likely to come back.</summary>
    internal void Expect(string identity, Instant now)
    {
        if (_expected.Count >= MaxExpected)
        {
            _expected.Dequeue();
        }

        _expected.Enqueue((now, identity));
    }

    /// <summary>Tells a client that has settled what it has missed.</summary>
    internal void TellHeldNews(Participant participant, Instant now)
    {
        if (participant.HeldNews is not { } news)
        {
            return;
        }

        participant.HeldNews = null;
        foreach (var message in ParticipantNews.Split(news.Held))
        {
            participant.Send(message);
        }

        Subscriptions.ReconcileSubscriber(participant, now);
        if (news.Sections is { } required)
        {
            participant.Send(new SignalResponse { MediaSectionsRequirement = required });
        }
    }

    private bool ComesBack(string identity, Instant now)
    {
        while (_expected.Count > 0 && now - _expected.Peek().At > ReturnTime)
        {
            _expected.Dequeue();
        }

        return (Options.TakenOver && now - _openedAt <= ReturnTime)
            || _expected.Any(each => string.Equals(each.Identity, identity, StringComparison.Ordinal));
    }
}
