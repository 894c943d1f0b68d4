import { bytesToHex } from 'nostr-tools/utils';
import type { NostrSigner } from '../mls/signer.js';
import type { ParticipantId, RoomId } from '../units.js';
import type { Admission, Decision, Knock, Role, RoomRequest, RoomSettings, Waiting } from './answers.js';
import { Http } from './http.js';
import { isRoomApiError, RoomApiError } from './problem.js';

/** How often somebody asks for a token of a room that has no place yet; each time the service waits some seconds itself. */
const PLACING_ATTEMPTS = 6;

/**
 * A room API for one Nostr key: making and joining rooms, and what hosts and moderators decide. Every method throws RoomApiError.
 * Each request is signed with the key, except what a join token stands for.
 */
export class RoomApi {
  readonly http: Http;

  /** @param url The address of the room API, without /v1: signatures name it, so it is the one it is known by outside. */
  constructor(url: string, signer: NostrSigner, fetcher?: typeof fetch) {
    this.http = new Http(url, signer, fetcher);
  }

  /** Makes a room, whose host is the caller, and gives the means to join it. */
  async create(request: RoomRequest = {}): Promise<Admission> {
    const key = bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
    const made = await this.http.send<Admission | Omit<Admission, 'joinToken'>>('POST', '/v1/rooms', { body: request, headers: { 'Idempotency-Key': key } });
    return 'joinToken' in made ? made : this.join(made.roomId);
  }

  /** Gives the means to join. Waits for a room that has no place yet. */
  async join(room: RoomId, region?: string): Promise<Admission> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.http.send<Admission>('POST', path(room, '/join'), { body: region === undefined ? {} : { region } });
      } catch (error) {
        if (!isRoomApiError(error, 'room-not-ready') || attempt >= PLACING_ATTEMPTS) throw error;
      }
    }
  }

  /** New means to join, for somebody who was let in. By the token while it counts, so that nobody is asked for a signature. */
  async refresh(room: RoomId, token: string, region?: string): Promise<Admission> {
    const body = region === undefined ? {} : { region };
    try {
      return await this.http.send<Admission>('POST', path(room, '/refresh'), { body, token });
    } catch (error) {
      if (!(error instanceof RoomApiError) || error.status !== 401) throw error;
      return this.http.send<Admission>('POST', path(room, '/refresh'), { body });
    }
  }

  /** Asks to be let in, and afterwards how it stands. To be repeated every few seconds. */
  knock(room: RoomId, note?: string): Promise<Knock> {
    return this.http.send('POST', path(room, '/knock'), { body: note === undefined ? {} : { note } });
  }

  async waiting(room: RoomId): Promise<readonly Waiting[]> {
    return (await this.http.send<{ waiting: Waiting[] }>('GET', path(room, '/waiting'))).waiting;
  }

  approve(room: RoomId, participant: ParticipantId, role?: Role): Promise<Knock> {
    return this.http.send('POST', path(room, `/waiting/${participant}/approve`), { body: role === undefined ? {} : { role } });
  }

  deny(room: RoomId, participant: ParticipantId): Promise<Knock> {
    return this.http.send('POST', path(room, `/waiting/${participant}/deny`));
  }

  /** Puts somebody out for good. */
  revoke(room: RoomId, participant: ParticipantId): Promise<Decision> {
    return this.http.send('POST', path(room, `/participants/${participant}/revoke`));
  }

  /** Lets somebody back who was put out. */
  reinstate(room: RoomId, participant: ParticipantId): Promise<Decision> {
    return this.http.send('DELETE', path(room, `/participants/${participant}/revoke`));
  }

  setRole(room: RoomId, participant: ParticipantId, role: Role): Promise<Decision> {
    return this.http.send('POST', path(room, `/participants/${participant}/role`), { body: { role } });
  }

  /** Mutes somebody: everything, or one source. Nobody can be unmuted from outside. */
  mute(room: RoomId, participant: ParticipantId, source?: 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio'): Promise<unknown> {
    return this.http.send('POST', path(room, `/participants/${participant}/mute`), { body: source === undefined ? {} : { source } });
  }

  /** Changes the room's settings; what is left out stays. */
  configure(room: RoomId, settings: Partial<RoomSettings>): Promise<unknown> {
    return this.http.send('PATCH', path(room, ''), { body: { settings } });
  }

  /** Ends the room for everybody. */
  end(room: RoomId): Promise<void> {
    return this.http.send('DELETE', path(room, ''));
  }
}

function path(room: RoomId, rest: string): string {
  return `/v1/rooms/${room}${rest}`;
}
