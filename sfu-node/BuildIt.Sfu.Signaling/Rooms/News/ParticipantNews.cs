using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>
/// Tells participants about each other. News of publishers go out at once; news of the others are gathered, so that a room of
/// listeners does not send a message to everybody for every one who comes or goes.
/// </summary>
internal sealed class ParticipantNews(RoomMembers members, RelayNews relayNews, LimitReports limits, RoomTimer timer) : IDeadline
{
    /// <summary>Shortest time between two batches.</summary>
    public static readonly TimeSpan BatchInterval = TimeSpan.FromSeconds(3);

    /// <summary>Serialised size at which an update is split.</summary>
    private const int MaxUpdateBytes = 128 * 1024;

    /// <summary>How many departures are remembered for those who resume, and for how long.</summary>
    private const int MaxDepartures = 1000;

    /// <summary>What they may come to together: a thousand with ordinary names.</summary>
    private const int MaxDepartureBytes = 256 * 1024;

    private static readonly TimeSpan DepartureAge = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, ParticipantInfo> _pending = new(StringComparer.Ordinal);
    private readonly Queue<(Instant At, ParticipantInfo Info)> _departures = new();
    private int _departureBytes;
    private Instant _lastBatch = Instant.Zero - BatchInterval;

    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Announces a participant that has just come, to the others unless it is hidden.</summary>
    public void PublishNewcomer(Participant participant, Instant now)
    {
        if (!participant.Hidden)
        {
            Publish(participant, now);
        }
        else
        {
            relayNews.MemberChanged(participant, atOnce: false, now);
        }
    }

    /// <summary>Announces that a participant is gone, to other nodes, and to those here unless it is hidden.</summary>
    public void PublishDeparture(Participant participant, bool wasPublisher, Instant now)
    {
        if (!participant.Hidden)
        {
            PublishGone(participant, wasPublisher, now);
        }

        relayNews.MemberGone(participant, wasPublisher, now);
    }

    /// <summary>Announces a participant's present state to the others and to itself.</summary>
    /// <param name="participant">Who changed.</param>
    /// <param name="now">The time.</param>
    /// <param name="tracksChanged">
    /// True when tracks came or went: then it does not wait, even if none are left, unless the participant changes too often.
    /// </param>
    public void Publish(Participant participant, Instant now, bool tracksChanged = false)
    {
        var info = participant.Snapshot;
        participant.Send(new SignalResponse { Update = new ParticipantUpdate { Participants = { info } } });
        if (participant.Hidden)
        {
            relayNews.MemberChanged(participant, atOnce: false, now);
            return;
        }

        var atOnce = tracksChanged || participant.IsPublisher;
        if (atOnce && !(participant.NewsBudget.TryTake(1, now) && participant.NewsBytesBudget.TryTake(info.CalculateSize(), now)))
        {
            limits.Count(participant, ClientLimit.News, now);
            atOnce = false;
        }

        relayNews.MemberChanged(participant, atOnce, now);
        Announce(info, atOnce, now);
    }

    /// <summary>Announces a member of another node to those who are here.</summary>
    public void Publish(RemoteMember member, bool atOnce, Instant now) => Announce(member.Snapshot, atOnce, now);

    /// <summary>Announces that a participant has left, or has hidden itself.</summary>
    public void PublishGone(Member participant, bool wasPublisher, Instant now, DisconnectReason? reason = null)
    {
        var info = participant.Snapshot.Clone();
        info.State = ParticipantInfo.Types.State.Disconnected;
        info.DisconnectReason = reason ?? info.DisconnectReason;
        info.Tracks.Clear();
        info.DataTracks.Clear();
        Remember(NewsBounds.Departed(info), now);
        Announce(info, wasPublisher, now);
    }

    /// <summary>Departures a resuming participant may have missed.</summary>
    public IEnumerable<ParticipantInfo> Departures => _departures.Select(d => d.Info).Where(d => members.FindSession(d.Sid) is null);

    public void HandleTimeout(Instant now)
    {
        if (now < NextDeadline)
        {
            return;
        }

        NextDeadline = Instant.Never;
        _lastBatch = now;
        if (_pending.Count == 0)
        {
            return;
        }

        var batch = _pending.Values.ToArray();
        _pending.Clear();
        Broadcast(batch);
    }

    /// <summary>Sends participants in messages of bounded size.</summary>
    public static IEnumerable<OutboundSignal> Split(IEnumerable<ParticipantInfo> participants)
    {
        var update = new ParticipantUpdate();
        var size = 0;
        foreach (var info in participants)
        {
            var next = info.CalculateSize();
            if (size > 0 && size + next > MaxUpdateBytes)
            {
                yield return new SignalResponse { Update = update };
                update = new ParticipantUpdate();
                size = 0;
            }

            update.Participants.Add(info);
            size += next;
        }

        if (size > 0)
        {
            yield return new SignalResponse { Update = update };
        }
    }

    /// <summary>For those who resume: who has left, and no more of it than that.</summary>
    private void Remember(ParticipantInfo departed, Instant now)
    {
        _departures.Enqueue((now, departed));
        _departureBytes += departed.CalculateSize();
        while (_departures.Count > 1
            && (_departures.Count > MaxDepartures || _departureBytes > MaxDepartureBytes || now - _departures.Peek().At > DepartureAge))
        {
            _departureBytes -= _departures.Dequeue().Info.CalculateSize();
        }
    }

    private void Announce(ParticipantInfo info, bool atOnce, Instant now)
    {
        if (atOnce)
        {
            _pending.Remove(info.Sid);
            Broadcast([info]);
            return;
        }

        _pending[info.Sid] = info;

        // The first change after a quiet time goes out at once; a burst waits for the interval.
        NextDeadline = Instant.Min(NextDeadline, Instant.Max(now, _lastBatch + BatchInterval));
        if (NextDeadline <= now)
        {
            HandleTimeout(now);
        }
        else
        {
            timer.Schedule(NextDeadline);
        }
    }

    private void Broadcast(IReadOnlyCollection<ParticipantInfo> batch)
    {
        var only = batch.Count == 1 ? batch.First().Sid : null;
        foreach (var message in Split(batch))
        {
            foreach (var receiver in members.Here)
            {
                // A participant has had the news about itself when they were made.
                if (only is not null && receiver.Sid.Value == only)
                {
                    continue;
                }

                if (receiver.HeldNews is { } news)
                {
                    news.Hold(batch);
                }
                else
                {
                    receiver.Send(message);
                }
            }
        }
    }
}
