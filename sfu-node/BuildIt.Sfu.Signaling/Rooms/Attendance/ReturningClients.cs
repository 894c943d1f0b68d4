using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>Clients that had a session before, here or at another node, and begin a new one. Used on the room's loop.</summary>
/// <param name="state">The room.</param>
/// <param name="subscriptions">Waits until a client has settled.</param>
/// <param name="timer">Learns when a client has settled.</param>
/// <param name="openedAt">When the room was opened here.</param>
internal sealed class ReturningClients(RoomState state, SubscriptionEngine subscriptions, RoomTimer timer, Instant openedAt)
{
    /// <summary>How long after its session ended, or after the room moved here, a client counts as coming back.</summary>
    public static readonly TimeSpan ReturnTime = TimeSpan.FromMinutes(1);

    private const int MaxExpected = 1000;

    private readonly Queue<(Instant At, string Identity)> _expected = new();

    /// <summary>A session ended or could not be resumed: its client is likely to come back.</summary>
    public void Expect(string identity, Instant now)
    {
        if (_expected.Count >= MaxExpected)
        {
            _expected.Dequeue();
        }

        _expected.Enqueue((now, identity));
    }

    /// <summary>Clients that are likely to come back.</summary>
    public IReadOnlyList<string> Expected(Instant now)
    {
        ForgetOld(now);
        return [.. _expected.Select(each => each.Identity)];
    }

    /// <summary>Somebody has joined: one who had a session before is told of others when it has settled, if its client needs that.</summary>
    public void HoldNews(Participant participant, Instant now)
    {
        if (ComesBack(participant.Identity, now) && HeldNews.IsFor(participant.Join.Client))
        {
            participant.HeldNews = new HeldNews(now);
            timer.Schedule(participant.HeldNews.Until);
        }
    }

    /// <summary>A client announces a track, which shows when one that has come back will have settled.</summary>
    public void Announced(Participant participant, Instant now)
    {
        if (participant.HeldNews is { } news)
        {
            news.Announced(now);
            timer.Schedule(news.Until);
        }
    }

    /// <summary>Tells a client that has settled what it has missed.</summary>
    public void TellHeldNews(Participant participant, Instant now)
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

        subscriptions.ReconcileSubscriber(participant, now);
        if (news.Sections is { } required)
        {
            participant.Send(new SignalResponse { MediaSectionsRequirement = required });
        }
    }

    private bool ComesBack(string identity, Instant now)
    {
        ForgetOld(now);
        return (state.Options.TakenOver && now - openedAt <= ReturnTime)
            || _expected.Any(each => string.Equals(each.Identity, identity, StringComparison.Ordinal));
    }

    private void ForgetOld(Instant now)
    {
        while (_expected.Count > 0 && now - _expected.Peek().At > ReturnTime)
        {
            _expected.Dequeue();
        }
    }
}
