// Watches what really reaches a LiveKit participant: decoded pictures and energy of sound, by who sent them. Amounts only grow,
// also where a reconnection starts the counters of receivers anew.
window.watchFlows = (room) => {
  const flows = new Map();
  return async () => {
    for (const participant of room.remoteParticipants.values()) {
      for (const { kind, trackSid, track } of participant.trackPublications.values()) {
        const report = await track?.receiver?.getStats();
        const inbound = [...(report?.values() ?? [])].find((entry) => entry.type === 'inbound-rtp');
        const now = (kind === 'video' ? inbound?.framesDecoded : inbound?.totalAudioEnergy) ?? 0;
        const name = `${kind} ${participant.identity}`;
        const flow = flows.get(name) ?? { from: participant.identity, kind, amount: 0, sid: '', last: 0 };
        flow.amount += trackSid === flow.sid && now >= flow.last ? now - flow.last : now;
        flow.sid = trackSid;
        flow.last = now;
        flows.set(name, flow);
      }
    }
    return [...flows.values()].map(({ from, kind, amount }) => ({ from, kind, amount }));
  };
};
