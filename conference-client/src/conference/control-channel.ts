import { RoomEvent, type Room } from 'livekit-client';
import { fromUtf8, utf8 } from '../bytes.js';
import { epochNumber, participantId, type Epoch, type ParticipantId } from '../units.js';

/** What members say to each other beside the call. It travels as encrypted data, so it is heard by members and from members only. */
export type ControlMessage =
  /** Who somebody is, for people; and that it would like to hear the same. */
  | { readonly kind: 'hello'; readonly name: string; readonly answer: boolean }
  /** Has the keys of an epoch. */
  | { readonly kind: 'keys'; readonly epoch: Epoch }
  /** Leaves for good. */
  | { readonly kind: 'bye' };

const TOPIC = 'buildit.conference';
const LONGEST_NAME = 64;

/** Messages between the members' clients, over a room whose data is encrypted. */
export class ControlChannel {
  readonly #room: Room;

  constructor(room: Room, receive: (from: ParticipantId, message: ControlMessage) => void) {
    this.#room = room;
    room.on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
      if (topic !== TOPIC || !participant) return;
      const message = readMessage(payload);
      if (message) receive(participantId(participant.identity), message);
    });
  }

  /** Sends to some, or to all. What cannot be sent now is lost: everything here is said again when it matters. */
  async send(message: ControlMessage, to?: readonly ParticipantId[]): Promise<void> {
    if (this.#room.state !== 'connected' || to?.length === 0) return;
    const options = { reliable: true, topic: TOPIC, ...(to ? { destinationIdentities: [...to] } : {}) };
    await this.#room.localParticipant.publishData(utf8(JSON.stringify(message)), options).catch(() => undefined);
  }
}

/** Reads a message; undefined when it is none. Any bytes may be given. */
export function readMessage(payload: Uint8Array): ControlMessage | undefined {
  try {
    const value = JSON.parse(fromUtf8(payload)) as Record<string, unknown>;
    if (value['kind'] === 'hello' && typeof value['name'] === 'string') return { kind: 'hello', name: value['name'].slice(0, LONGEST_NAME), answer: value['answer'] === true };
    if (value['kind'] === 'keys') return { kind: 'keys', epoch: epochNumber(Number(value['epoch'])) };
    return value['kind'] === 'bye' ? { kind: 'bye' } : undefined;
  } catch {
    return undefined;
  }
}
