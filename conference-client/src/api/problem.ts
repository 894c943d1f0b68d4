import { milliseconds, type Milliseconds } from '../units.js';

const PREFIX = 'urn:buildit:problem:';

/**
 * Why the room API did not do what it was asked. The message is for people and says what to do; the type is for programs: one of
 * docs/room-api.md, `unreachable` when nobody answered, or `unknown` when the answer is none of the room API's.
 */
export class RoomApiError extends Error {
  override readonly name = 'RoomApiError';
  readonly type: string;
  /** The HTTP status; 0 when nobody answered. */
  readonly status: number;
  /** When asking again makes sense, as far as the service says. */
  readonly retryAfter: Milliseconds | undefined;
  /** All members of the problem (RFC 9457), such as `winner`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, status: number, detail: string, members: Readonly<Record<string, unknown>> = {}, retryAfter?: Milliseconds) {
    super(detail);
    this.type = type;
    this.status = status;
    this.members = members;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may have another outcome a little later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export function isRoomApiError(error: unknown, ...types: string[]): error is RoomApiError {
  return error instanceof RoomApiError && (types.length === 0 || types.includes(error.type));
}

/** Reads what a request was refused with. */
export async function readProblem(answer: Response): Promise<RoomApiError> {
  const after = Number(answer.headers.get('Retry-After') ?? Number.NaN);
  const retryAfter = after >= 0 ? milliseconds(after * 1000) : undefined;
  let members: Record<string, unknown> = {};
  try {
    const body: unknown = await answer.json();
    if (typeof body === 'object' && body !== null) members = body as Record<string, unknown>;
  } catch {
    // Something between answered.
  }
  const type = typeof members['type'] === 'string' && members['type'].startsWith(PREFIX) ? members['type'].slice(PREFIX.length) : 'unknown';
  const detail = typeof members['detail'] === 'string' ? members['detail'] : `The room API answered with status ${answer.status} and no reason: is the address right?`;
  return new RoomApiError(type, answer.status, detail, members, retryAfter);
}
