using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;
using Scenario = BuildIt.Sfu.Signaling.Protocol.SimulateScenario.ScenarioOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>SimulateScenario: faults on request, for tests of clients. They only ever hurt the one who asks.</summary>
public sealed partial class RoomCore
{
    internal void Simulate(Participant participant, SimulateScenario scenario, Instant now)
    {
        switch (scenario.ScenarioCase)
        {
            case Scenario.SpeakerUpdate:
                participant.Simulation.SpeakingUntil = now + TimeSpan.FromSeconds(Math.Clamp(scenario.SpeakerUpdate, 1, 60));
                Schedule(participant.Simulation.SpeakingUntil);
                ToReceivers([new SpeakerInfo { Sid = participant.Sid.Value, Level = 0.9f, Active = true }], s => s.Sid, MakeSpeakers);
                break;
            case Scenario.NodeFailure:
            case Scenario.Migration:
                // As if the node had died: no goodbye, and the session is forgotten.
                participant.Signal?.Abort();
                participant.Signal = null;
                Left(participant, scenario.ScenarioCase == Scenario.Migration ? DisconnectReason.Migration : DisconnectReason.UnknownReason, now);
                break;
            case Scenario.ServerLeave:
                Leave(participant, DisconnectReason.ServerShutdown, LeaveAction.Disconnect, now);
                break;
            case Scenario.SwitchCandidateProtocol:
                participant.Simulation.ForceRelay = scenario.SwitchCandidateProtocol == CandidateProtocol.Tls;
                Leave(participant, DisconnectReason.UnknownReason, LeaveAction.Resume, now);
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
                Leave(participant, DisconnectReason.UnknownReason, LeaveAction.Reconnect, now);
                break;
            case Scenario.None:
            default:
                break;
        }
    }
}
