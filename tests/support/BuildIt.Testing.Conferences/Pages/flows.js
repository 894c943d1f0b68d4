// Watches what really reaches a LiveKit participant: decoded pictures and energy of sound, by who sent them. Amounts only grow,
// also where a reconnection starts the counters of receivers anew.
window.watchFlows = (room) => {
  const flows = new Map();
  return async () => {
    for (const participant of room.remoteParticipants.values()) {
      for (const { kind, trackSid, track } of participant.trackPublications.values()) {
        const report = await track?.receiver?.getStats();
        const inbound = [...(report?.values() ?? [])].find((entry) => entry.type === 'inbound-rtp');
        const name = `${kind} ${participant.identity}`;
        const flow = flows.get(name) ?? { from: participant.identity, kind, amount: 0, sid: '', last: 0, packets: 0 };
        const packets = inbound?.packetsReceived ?? 0;
        const now = (kind === 'video' ? inbound?.framesDecoded : inbound?.totalAudioEnergy) ?? 0;
        const continues = trackSid === flow.sid && now >= flow.last && packets >= flow.packets;
        // While nothing arrives a decoder makes up sound from what it heard last, which is not heard from anybody.
        if (!continues || packets > flow.packets) flow.amount += continues ? now - flow.last : now;
        Object.assign(flow, { sid: trackSid, last: now, packets });
        flows.set(name, flow);
      }
    }
    return [...flows.values()].map(({ from, kind, amount }) => ({ from, kind, amount }));
  };
};
