import type { RoomId } from '../units.js';
import type { Admission } from './answers.js';
import type { RequestOptions } from './http.js';
import { RoomApiError } from './problem.js';
import type { RoomApi } from './room-api.js';

/** A token is exchanged for a new one when it has less than this to live, in milliseconds. */
const RENEW_BEFORE = 10 * 60_000;

/** Somebody's access to one room: a join token that is kept fresh, and requests in its name. */
export class Access {
  readonly #api: RoomApi;
  readonly #region: string | undefined;
  #admission: Admission;
  #renewing: Promise<Admission> | undefined;

  /** @param region The region that was asked for, which every renewal asks for again: a reconnection stays where the call began. */
  constructor(api: RoomApi, admission: Admission, region?: string) {
    this.#api = api;
    this.#admission = admission;
    this.#region = region;
  }

  get room(): RoomId {
    return this.#admission.roomId;
  }

  get admission(): Admission {
    return this.#admission;
  }

  /** Whether this is a host or a moderator. */
  get isModerator(): boolean {
    return this.#admission.role === 'host' || this.#admission.role === 'moderator';
  }

  /** How long until the token should be exchanged, in milliseconds; 0 when it should be now. */
  get renewIn(): number {
    return Math.max(0, this.#admission.tokenExpiresAt - this.#api.http.now - RENEW_BEFORE);
  }

  /**
   * Gets a new token, and the place to connect to, which may be another one.
   * @throws RoomApiError of type `revoked`, `room-ended` and so on when there is none any more.
   */
  renew(): Promise<Admission> {
    this.#renewing ??= this.#api
      .refresh(this.room, this.#admission.joinToken, this.#region)
      .then((admission) => (this.#admission = admission))
      .finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** A request below the room. */
  send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return this.#withToken((token) => this.#api.http.send<T>(method, `/v1/rooms/${this.room}${path}`, { ...options, token }));
  }

  /** The same, for an answer that is read as it comes. */
  open(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#withToken((token) => this.#api.http.open('GET', `/v1/rooms/${this.room}${path}`, { ...options, token }));
  }

  async #withToken<T>(run: (token: string) => Promise<T>): Promise<T> {
    try {
      return await run(this.#admission.joinToken);
    } catch (error) {
      if (!(error instanceof RoomApiError) || error.status !== 401) throw error;
      await this.renew();
      return run(this.#admission.joinToken);
    }
  }
}
