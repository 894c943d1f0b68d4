import type { NostrSigner } from '../mls/signer.js';
import { milliseconds, seconds, type Milliseconds } from '../units.js';
import { authorize } from './authorization.js';
import { readProblem, RoomApiError } from './problem.js';

/** What goes with a request. */
export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: object;
  /** A join token; without one the request is signed. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** How often a request is made before its failure is told. */
const ATTEMPTS = 4;
const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 8000;

/** How far clocks may be apart before a request is dated by the server's, which refuses more than a minute. */
const SKEW = 30_000;

/**
 * Requests to one room API, signed with a Nostr key or with a join token. What fails for the moment is tried again: the room API's
 * requests can all be repeated.
 */
export class Http {
  readonly base: string;
  readonly #signer: NostrSigner;
  readonly #fetch: typeof fetch;
  #skew = 0;

  /** @param base The address of the room API as clients know it, without /v1. */
  constructor(base: string, signer: NostrSigner, fetcher: typeof fetch = fetch) {
    this.base = base.replace(/\/+$/, '');
    this.#signer = signer;
    this.#fetch = (input, init) => fetcher(input, init);
  }

  /** The room API's time in milliseconds since 1970, as near as is known. */
  get now(): number {
    return Date.now() + this.#skew;
  }

  /**
   * Sends a request and reads the JSON of its answer.
   * @throws RoomApiError when it is refused, or does not succeed after several attempts.
   */
  async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const answer = await this.open(method, path, options);
    if (answer.status === 204) return undefined as T;
    try {
      return (await answer.json()) as T;
    } catch {
      throw new RoomApiError('unknown', answer.status, 'The answer is not JSON: is this the address of a room API?');
    }
  }

  /** Sends a request, and gives its answer when it begins. */
  async open(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const skew = this.#skew;
      try {
        return await this.#once(method, path, options);
      } catch (error) {
        if (!(error instanceof RoomApiError) || options.signal?.aborted) throw error;
        // A clock that is wrong is put right by what the answer said.
        const dated = error.status === 401 && !options.token && Math.abs(this.#skew - skew) > SKEW;
        if (!(error.isTemporary || dated) || attempt >= ATTEMPTS) throw error;
        if (!dated) await pause(error.retryAfter ?? backOff(FIRST_PAUSE, attempt - 1), options.signal);
      }
    }
  }

  async #once(method: string, path: string, { body, token, headers, signal }: RequestOptions): Promise<Response> {
    const url = this.base + path;
    const text = body && JSON.stringify(body);
    const authorization = token ? `Bearer ${token}` : await authorize(this.#signer, method, url, text, seconds(Math.floor(this.now / 1000)));
    let answer: Response;
    try {
      answer = await this.#fetch(url, {
        method,
        headers: { ...headers, Authorization: authorization, ...(text === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(text === undefined ? {} : { body: text }),
        ...(signal ? { signal } : {}),
        cache: 'no-store',
      });
    } catch (error) {
      throw new RoomApiError('unreachable', 0, `The room API cannot be reached: ${error instanceof Error ? error.message : 'unknown'}`);
    }
    this.#compareClocks(answer.headers.get('Date'));
    if (!answer.ok) throw await readProblem(answer);
    return answer;
  }

  #compareClocks(date: string | null): void {
    const theirs = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs)) return;
    const skew = theirs - Date.now();
    this.#skew = Math.abs(skew) > SKEW ? skew : 0;
  }
}

/** How long to wait after so many failures before: twice as long each time, and not in step with others. */
export function backOff(first: number, failures: number): Milliseconds {
  return milliseconds(Math.min(first * 2 ** failures, LONGEST_PAUSE) * (0.75 + Math.random() / 2));
}

/** Waits; ends at once when it is aborted. */
export function pause(time: Milliseconds, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(time, LONGEST_PAUSE * 8));
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end);
  });
}

/** Makes a request again and again while it fails for the moment, with this pause between; undefined when it was aborted. Throws what does not pass. */
export async function persist<T>(run: () => Promise<T>, between: Milliseconds, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RoomApiError) || !error.isTemporary) throw error;
      await pause(between, signal);
    }
  }
  return undefined;
}
