using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>Tells members who speaks and how good connections are: of themselves, and of those whom they receive. Used on the room's loop.</summary>
internal sealed class ReceiverNews(RoomMembers members, Newcomers newcomers, RelayNews relayNews)
{
    private const float SimulatedLevel = 0.9f;

    /// <summary>Speakers here changed.</summary>
    public void SpeakersChanged(ReadOnlySpan<SpeakerLevel> changed)
    {
        var speakers = new SpeakerInfo[changed.Length];
        for (var i = 0; i < changed.Length; i++)
        {
            speakers[i] = new SpeakerInfo { Sid = changed[i].Participant.Value, Level = changed[i].Level, Active = changed[i].Active };
            if (members.FindSession(speakers[i].Sid) is { } speaker)
            {
                newcomers.Keep(speaker, speakers[i]);
            }
        }

        TellSpeakers(speakers);
    }

    /// <summary>Connections to this node changed; other nodes are told too.</summary>
    public void QualityChanged(ReadOnlySpan<ParticipantQuality> changed, Instant now)
    {
        var updates = new ConnectionQualityInfo[changed.Length];
        for (var i = 0; i < changed.Length; i++)
        {
            updates[i] = new ConnectionQualityInfo
            {
                ParticipantSid = changed[i].Participant.Value,
                Quality = (ConnectionQuality)changed[i].Quality,
                Score = changed[i].Score,
            };
            if (members.FindSessionHere(updates[i].ParticipantSid) is { } participant)
            {
                newcomers.Keep(participant, updates[i]);
                relayNews.QualityChanged(updates[i], now);
            }
        }

        TellQuality(updates);
    }

    /// <summary>The connection of a member of another node changed.</summary>
    public void QualityChanged(RemoteMember member, ConnectionQualityInfo quality)
    {
        newcomers.Keep(member, quality);
        TellQuality([quality]);
    }

    /// <summary>Somebody here is taken for a speaker, or is not any more; other nodes are told too.</summary>
    public void SimulateSpeaker(Participant participant, bool speaks, Instant now)
    {
        SimulateSpeaker(participant, speaks);
        relayNews.SpeakerSimulated(participant, speaks, now);
    }

    /// <summary>The same of a member anywhere, for those who are here.</summary>
    public void SimulateSpeaker(Member member, bool speaks) =>
        TellSpeakers([speaks ? new SpeakerInfo { Sid = member.Sid.Value, Level = SimulatedLevel, Active = true } : new SpeakerInfo { Sid = member.Sid.Value }]);

    private void TellSpeakers(SpeakerInfo[] speakers) => Tell(speakers, s => s.Sid, SpeakersMessage);

    /// <summary>What a client is told of speakers.</summary>
    public static OutboundSignal SpeakersMessage(IReadOnlyList<SpeakerInfo> speakers) =>
        new SignalResponse { SpeakersChanged = new SpeakersChanged { Speakers = { speakers } } };

    private void TellQuality(ConnectionQualityInfo[] updates) =>
        Tell(updates, u => u.ParticipantSid, some => new SignalResponse
        {
            ConnectionQuality = new ConnectionQualityUpdate { Updates = { some } },
        });

    /// <summary>
    /// Sends to each participant what concerns itself or those it receives. Most receive all of it, so that message is made and
    /// serialised once.
    /// </summary>
    private void Tell<T>(T[] items, Func<T, string> sidOf, Func<IReadOnlyList<T>, OutboundSignal> make)
    {
        var about = items.Select(i => (Item: i, Who: members.FindSession(sidOf(i))!)).Where(i => i.Who is not null).ToArray();
        if (about.Length == 0)
        {
            return;
        }

        // Nothing is allocated for those whom none of it concerns: in a large room that is nearly everybody, every few seconds.
        OutboundSignal? all = null;
        var mine = new List<T>();
        foreach (var receiver in members.Here)
        {
            mine.Clear();
            foreach (var (item, who) in about)
            {
                if (who == receiver || receiver.Receives(who))
                {
                    mine.Add(item);
                }
            }

            if (mine.Count == about.Length)
            {
                receiver.Send(all ??= make(mine));
            }
            else if (mine.Count > 0)
            {
                receiver.Send(make(mine));
            }
        }
    }
}
