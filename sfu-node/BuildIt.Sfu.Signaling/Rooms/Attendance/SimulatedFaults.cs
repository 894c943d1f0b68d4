using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;
using Scenario = BuildIt.Sfu.Signaling.Protocol.SimulateScenario.ScenarioOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>
/// SimulateScenario: faults on request, for tests of clients. They only ever hurt the one who asks. Used on the room's loop.
/// </summary>
internal sealed class SimulatedFaults(Departures departures, ReceiverNews receiverNews, RoomTimer timer)
{
    public void Simulate(Participant participant, SimulateScenario scenario, Instant now)
    {
        switch (scenario.ScenarioCase)
        {
            case Scenario.SpeakerUpdate:
                participant.Simulation.SpeakingUntil = now + TimeSpan.FromSeconds(Math.Clamp(scenario.SpeakerUpdate, 1, 60));
                timer.Schedule(participant.Simulation.SpeakingUntil);
                receiverNews.SimulateSpeaker(participant, speaks: true, now);
                break;
            case Scenario.NodeFailure:
            case Scenario.Migration:
                // As if the node had died: no goodbye, and the session is forgotten.
                participant.Signal?.Abort();
                participant.Signal = null;
                departures.Left(participant, scenario.ScenarioCase == Scenario.Migration ? DisconnectReason.Migration : DisconnectReason.UnknownReason, now);
                break;
            case Scenario.ServerLeave:
                departures.Leave(participant, DisconnectReason.ServerShutdown, LeaveAction.Disconnect, now);
                break;
            case Scenario.SwitchCandidateProtocol:
                participant.Simulation.ForceRelay = scenario.SwitchCandidateProtocol == CandidateProtocol.Tls;
                departures.Leave(participant, DisconnectReason.UnknownReason, LeaveAction.Resume, now);
                break;
            case Scenario.SubscriberBandwidth:
                participant.Media.LimitBandwidth(
                    scenario.SubscriberBandwidth <= 0 ? DataRate.Infinite : new DataRate(scenario.SubscriberBandwidth), now);
                break;
            case Scenario.DisconnectSignalOnResume:
                participant.Simulation.DisconnectOnResume = true;
                break;
            case Scenario.DisconnectSignalOnResumeNoMessages:
                participant.Simulation.DisconnectOnResumeSilently = true;
                break;
            case Scenario.LeaveRequestFullReconnect:
                departures.Leave(participant, DisconnectReason.UnknownReason, LeaveAction.Reconnect, now);
                break;
            case Scenario.None:
            default:
                break;
        }
    }

    /// <returns>When to look again.</returns>
    public Instant HandleTimeout(Participant participant, Instant now)
    {
        if (participant.Simulation.SpeakingUntil <= now)
        {
            participant.Simulation.SpeakingUntil = Instant.Never;
            receiverNews.SimulateSpeaker(participant, speaks: false, now);
        }

        return participant.Simulation.SpeakingUntil;
    }
}
