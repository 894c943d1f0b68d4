import type { Knock } from '../api/answers.js';
import { pause } from '../api/http.js';
import { RoomApiError } from '../api/problem.js';
import type { RoomApi } from '../api/room-api.js';
import { base64, fromUtf8, utf8 } from '../bytes.js';
import type { Invitation } from '../mail/invitation.js';
import { milliseconds, type ParticipantId } from '../units.js';

/** Somebody who waits to be let in. */
export interface Knocking {
  readonly participantId: ParticipantId;
  /** When they knocked, in milliseconds since 1970. */
  readonly since: number;
  /** What they call themselves; undefined when they have not the invitation, or say nothing. */
  readonly name: string | undefined;
}

const KNOCK_AGAIN = milliseconds(3000);
const LONGEST_NAME = 64;

/**
 * Knocks until somebody opens.
 * @throws RoomApiError of type `denied` when they do not, `aborted` when the caller gives up.
 */
export async function knock(api: RoomApi, invitation: Invitation, name: string, waiting: (knock: Knock) => void, signal: AbortSignal | undefined): Promise<void> {
  // The note is for those who let people in; no server reads it.
  const note = base64.encode(await invitation.seal('knock', invitation.room, utf8(name.slice(0, LONGEST_NAME))));
  while (!signal?.aborted) {
    const answer = await api.knock(invitation.room, note);
    if (answer.state === 'approved') return;
    if (answer.state === 'denied') throw new RoomApiError('denied', 403, 'You were not let in.');
    waiting(answer);
    await pause(KNOCK_AGAIN, signal);
  }
  throw new RoomApiError('aborted', 0, 'You left before somebody let you in.');
}

/** Who knocks, for those who decide. */
export async function listKnocking(api: RoomApi, invitation: Invitation): Promise<Knocking[]> {
  const waiting = await api.waiting(invitation.room);
  return Promise.all(waiting.map(async ({ participantId, since, note }) => {
    const sealed = note === undefined ? undefined : base64.decode(note);
    const opened = sealed && (await invitation.open('knock', invitation.room, sealed));
    return { participantId, since, name: opened && fromUtf8(opened).slice(0, LONGEST_NAME) };
  }));
}
