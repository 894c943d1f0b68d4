using System.Text.Json;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Session descriptions and candidates of clients, given to media and answered. Used on the room's loop.</summary>
internal sealed class Negotiation(Departures departures, LimitReports reports)
{
    /// <summary>Takes an offer and answers it at once.</summary>
    public void Offer(Participant participant, uint id, RemoteDescription offer, Instant now)
    {
        if (BeginOffer(participant, id, offer, now) is { } work)
        {
            work.Answer.Build();
            FinishOffer(participant, work, now);
        }
    }

    /// <summary>Takes an offer as far as that needs the loop. Null when the participant is sent away for it.</summary>
    public OfferWork? BeginOffer(Participant participant, uint id, RemoteDescription offer, Instant now) =>
        IsRefused(participant, offer, now) ? null : new OfferWork(id, participant.Media.BeginOffer(offer, now));

    public void FinishOffer(Participant participant, OfferWork work, Instant now)
    {
        var result = participant.Media.FinishOffer(work.Answer, now);
        if (result.Error is not null)
        {
            departures.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Reconnect, now);
            return;
        }

        // The answer repeats the offer's id: JavaScript ignores any other, Rust sends 0.
        var answer = new SessionDescription { Type = "answer", Sdp = result.Sdp, Id = work.Id };
        answer.MidToTrackId.Add(result.MidToTrack.ToDictionary());
        participant.Send(new SignalResponse { Answer = answer });
    }

    public void Answer(Participant participant, RemoteDescription answer, Instant now)
    {
        if (!IsRefused(participant, answer, now) && participant.Media.HandleAnswer(answer, now) is not null)
        {
            // The two sides disagree about the connection; starting anew is the way out that every client knows.
            departures.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Reconnect, now);
        }
    }

    public static void Trickle(Participant participant, TrickleRequest trickle, Instant now)
    {
        if (trickle.CandidateInit.Length is 0 or > 4096)
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(trickle.CandidateInit, new JsonDocumentOptions { MaxDepth = 4 });
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("candidate", out var candidate)
                && candidate.ValueKind == JsonValueKind.String
                && candidate.GetString() is { Length: > 0 } line)
            {
                participant.Media.AddRemoteCandidate(
                    trickle.Target == SignalTarget.Subscriber ? PeerTarget.Subscriber : PeerTarget.Publisher, line, now);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A candidate that cannot be read is one path fewer, nothing else.
        }
    }

    /// <summary>A description larger than any client needs ends the session; coming back with the same would help nobody.</summary>
    private bool IsRefused(Participant participant, RemoteDescription description, Instant now)
    {
        if (description.IsTooLarge)
        {
            reports.Count(participant, ClientLimit.Description, now);
            departures.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Disconnect, now);
        }

        return description.IsTooLarge;
    }
}

/// <summary>An offer whose answer is still to be built, away from the room's loop.</summary>
/// <param name="Id">The offer's id, which its answer repeats.</param>
/// <param name="Answer">What is to be built.</param>
public sealed record OfferWork(uint Id, PendingAnswer Answer);
