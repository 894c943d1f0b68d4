using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>
/// What members are told only when it changes, kept for whoever comes later: who is speaking, and how good everybody's
/// connection is. Told when a member begins to receive another, and again when its signal connection is back.
/// </summary>
internal sealed class Newcomers(RoomMembers members)
{
    private readonly Dictionary<Member, SpeakerInfo> _speaking = [];
    private readonly Dictionary<Member, ConnectionQualityInfo> _quality = [];

    /// <summary>Remembers who speaks; one who is silent is forgotten.</summary>
    public void Keep(Member participant, SpeakerInfo speaker)
    {
        if (speaker.Active)
        {
            _speaking[participant] = speaker;
        }
        else
        {
            _speaking.Remove(participant);
        }
    }

    /// <summary>Whether members have been told that this one speaks.</summary>
    public bool Speaks(Member participant) => _speaking.ContainsKey(participant);

    /// <summary>Remembers the quality of a connection.</summary>
    public void Keep(Member participant, ConnectionQualityInfo quality) => _quality[participant] = quality;

    /// <summary>The participant has left.</summary>
    public void Forget(Member participant)
    {
        _speaking.Remove(participant);
        _quality.Remove(participant);
    }

    /// <summary>Tells a member how it stands with those whom it has just begun to receive.</summary>
    public void Tell(Participant receiver, IReadOnlyCollection<Member> about)
    {
        var speakers = new SpeakersChanged();
        var qualities = new ConnectionQualityUpdate();
        foreach (var publisher in about)
        {
            if (_speaking.TryGetValue(publisher, out var speaker))
            {
                speakers.Speakers.Add(speaker);
            }

            if (_quality.TryGetValue(publisher, out var quality))
            {
                qualities.Updates.Add(quality);
            }
        }

        if (speakers.Speakers.Count > 0)
        {
            receiver.Send(new SignalResponse { SpeakersChanged = speakers });
        }

        if (qualities.Updates.Count > 0)
        {
            receiver.Send(new SignalResponse { ConnectionQuality = qualities });
        }
    }

    /// <summary>Tells a member whose signal connection was away everything it may have missed.</summary>
    public void TellAgain(Participant receiver)
    {
        var about = members.All.Where(p => p == receiver || receiver.Receives(p)).ToArray();
        Tell(receiver, about);

        // Those who have stopped meanwhile too: the client knows them as speaking.
        var silent = about.Where(p => !Speaks(p)).Select(p => new SpeakerInfo { Sid = p.Sid.Value }).ToArray();
        if (silent.Length > 0)
        {
            receiver.Send(ReceiverNews.SpeakersMessage(silent));
        }
    }
}
