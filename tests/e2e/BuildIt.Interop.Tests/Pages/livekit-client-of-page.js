// conference-client imports livekit-client; the page has it already, as one script.
export const { BaseKeyProvider, ParticipantEvent, RoomEvent } = LivekitClient;
