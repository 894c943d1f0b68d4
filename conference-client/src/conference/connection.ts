import { ConnectionState, DisconnectReason, RoomEvent, Track, type LocalTrack, type Room } from 'livekit-client';
import type { Access } from '../api/access.js';
import { backOff, LONGEST_PAUSE, pause } from '../api/http.js';
import { isRoomApiError, RoomApiError } from '../api/problem.js';

/** How the connection to the SFU stands. */
export type ConnectionChange = { readonly kind: 'connected' } | { readonly kind: 'lost' } | { readonly kind: 'ended'; readonly error: RoomApiError };

/** How long a lost call is tried for, in milliseconds. */
const PATIENCE = 5 * 60_000;
const FIRST_PAUSE = 500;

/** Where livekit-client keeps what it reconnects with. It is internal: a contract test says when it changes. */
interface Engine {
  url?: string;
  token?: string;
}

/**
 * Keeps a room connected: its token fresh, and when livekit-client has given up, connects anew, to wherever the room is by then, and
 * publishes again what was published.
 */
export class Connection {
  readonly #room: Room;
  readonly #access: Access;
  readonly #changed: (change: ConnectionChange) => void;
  readonly #closing = new AbortController();
  readonly #published = new Map<LocalTrack, Track.Source>();
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(room: Room, access: Access, changed: (change: ConnectionChange) => void) {
    this.#room = room;
    this.#access = access;
    this.#changed = changed;
    room.on(RoomEvent.LocalTrackPublished, (publication) => {
      if (publication.track) this.#published.set(publication.track, publication.source);
    });
    room.on(RoomEvent.LocalTrackUnpublished, (publication) => {
      const { track } = publication;
      // livekit-client takes tracks down also when the connection is lost; those come back.
      setTimeout(() => {
        if (track && room.state === ConnectionState.Connected) this.#published.delete(track);
      });
    });
    for (const event of [RoomEvent.Reconnecting, RoomEvent.SignalReconnecting] as const) {
      room.on(event, () => {
        changed({ kind: 'lost' });
        void this.#renew().catch(() => undefined);
      });
    }
    room.on(RoomEvent.Reconnected, () => changed({ kind: 'connected' }));
    room.on(RoomEvent.Disconnected, (reason) => void this.#comeBack(reason));
  }

  /** What is published, and as what; it stays when the connection is lost. */
  get published(): ReadonlyMap<LocalTrack, Track.Source> {
    return this.#published;
  }

  async connect(): Promise<void> {
    const { sfuEndpoint, joinToken } = this.#access.admission;
    await this.#room.connect(sfuEndpoint, joinToken);
    this.#schedule();
  }

  /** Leaves for good. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#renewal);
    await this.#room.disconnect(false);
  }

  #schedule(): void {
    clearTimeout(this.#renewal);
    if (this.#closing.signal.aborted) return;
    const again = () => this.#schedule();
    this.#renewal = setTimeout(() => void this.#renew().then(again, () => (this.#renewal = setTimeout(again, LONGEST_PAUSE))), Math.max(this.#access.renewIn, 1000));
  }

  /** Gets a new token, and has livekit-client use it, and the place it names, from the next attempt on. */
  async #renew(): Promise<void> {
    const { sfuEndpoint, joinToken } = await this.#access.renew();
    const { engine } = this.#room as unknown as { engine?: Engine };
    if (engine && this.#room.state !== ConnectionState.Disconnected) Object.assign(engine, { url: sfuEndpoint, token: joinToken });
  }

  async #comeBack(reason: DisconnectReason | undefined): Promise<void> {
    if (this.#closing.signal.aborted || reason === DisconnectReason.CLIENT_INITIATED) return;
    if (reason === DisconnectReason.DUPLICATE_IDENTITY) return this.#end(new RoomApiError('elsewhere', 0, 'You joined this call in another window, and only one at a time works.'));
    this.#changed({ kind: 'lost' });
    const since = performance.now();
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        // Whoever was put out hears it here.
        await this.#access.renew();
        await this.connect();
        for (const [track, source] of this.#published) await this.#room.localParticipant.publishTrack(track, { source });
        return this.#changed({ kind: 'connected' });
      } catch (error) {
        if (isRoomApiError(error) && !error.isTemporary) return this.#end(error);
        if (performance.now() - since > PATIENCE) return this.#end(new RoomApiError('unreachable', 0, 'The call could not be reached for five minutes: check the network, then join again.'));
      }
      await pause(backOff(FIRST_PAUSE, attempt), this.#closing.signal);
    }
  }

  #end(error: RoomApiError): void {
    if (!this.#closing.signal.aborted) this.#changed({ kind: 'ended', error });
  }
}
