import { base64 } from '../bytes.js';
import type { ParticipantId } from '../units.js';
import type { Access } from './access.js';
import type { LogHead, OrderedCommit } from './answers.js';
import { backOff, pause } from './http.js';
import { readEvents } from './event-stream.js';
import { isRoomApiError, RoomApiError } from './problem.js';

/** What became of a commit, or of group info, that was sent. */
export type Ordered =
  | { readonly kind: 'first'; readonly head: LogHead }
  | { readonly kind: 'taken'; readonly head: LogHead; readonly winner: OrderedCommit | undefined }
  /** It does not fit the log: another incarnation, or another epoch lasts. */
  | { readonly kind: 'unfit'; readonly head: LogHead };

/** What a room's stream tells. */
export type Told =
  | { readonly kind: 'log'; readonly head: LogHead }
  | { readonly kind: 'commit'; readonly commit: OrderedCommit }
  | { readonly kind: 'mail' }
  /** Nothing more comes. */
  | { readonly kind: 'end'; readonly error: RoomApiError };

/** What a group needs of its log. */
export type GroupLog = Pick<CommitLog, 'append' | 'describe' | 'groupInfo' | 'read' | 'restart' | 'follow'>;

interface RawCommit {
  readonly epoch: number;
  readonly participantId: ParticipantId;
  readonly commit: string;
}

const FIRST_PAUSE = 300;

/** What ends a stream for good; after everything else it is opened again. */
const FINAL = ['revoked', 'room-ended', 'room-not-found'];

/** The order of a group's commits, as the room API keeps it. Throws RoomApiError where nothing else is said. */
export class CommitLog {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Sends a commit; the same again is answered as the first time. */
  append(incarnation: string, epoch: number, commit: Uint8Array, groupInfo: Uint8Array): Promise<Ordered> {
    const body = { incarnation, epoch, commit: base64.encode(commit), groupInfo: base64.encode(groupInfo) };
    return ordered(() => this.#access.send<LogHead>('POST', '/mls/commits', { body }));
  }

  /** Gives group info of the epoch that lasts; of epoch 0 it founds the group. */
  describe(incarnation: string, epoch: number, groupInfo: Uint8Array): Promise<Ordered> {
    return ordered(() => this.#access.send<LogHead>('PUT', '/mls/group-info', { body: { incarnation, epoch, groupInfo: base64.encode(groupInfo) } }));
  }

  /** Where the log stands, and group info of the epoch that lasts if there is any. */
  async groupInfo(): Promise<{ readonly head: LogHead; readonly groupInfo: Uint8Array | undefined }> {
    try {
      const answer = await this.#access.send<LogHead & { groupInfo: string }>('GET', '/mls/group-info');
      return { head: answer, groupInfo: base64.decode(answer.groupInfo) };
    } catch (error) {
      if (isRoomApiError(error, 'mls-no-group-info')) return { head: headOf(error), groupInfo: undefined };
      throw error;
    }
  }

  /** Commits in order from the one that ends this epoch; undefined when it is no longer kept. At most 64: ask again for more. */
  async read(from: number): Promise<{ readonly head: LogHead; readonly commits: readonly OrderedCommit[] } | undefined> {
    try {
      const answer = await this.#access.send<LogHead & { commits: RawCommit[] }>('GET', `/mls/commits${from > 0 ? `?after=${from - 1}` : ''}`);
      return { head: answer, commits: answer.commits.map(decoded) };
    } catch (error) {
      if (isRoomApiError(error, 'mls-epoch-passed')) return undefined;
      throw error;
    }
  }

  /** Ends this log, so that the group can be formed anew. Hosts and moderators. */
  async restart(incarnation: string): Promise<void> {
    try {
      await this.#access.send('POST', '/mls/restart', { body: { incarnation } });
    } catch (error) {
      if (!isRoomApiError(error, 'mls-log-restarted')) throw error;
    }
  }

  /**
   * What the log tells, from the commit on that ends this epoch. Opens the stream again as often as it breaks, and ends with an `end`
   * or with the signal. Throws nothing.
   * @param opened Called each time the stream is open, and with an error each time it is not.
   */
  async *follow(from: number, signal: AbortSignal, opened: (error?: RoomApiError) => void): AsyncGenerator<Told> {
    let last: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const answer = await this.#access.open(`/mls/commits/stream${from > 0 ? `?after=${from - 1}` : ''}`, { signal, ...(last ? { headers: { 'Last-Event-ID': last } } : {}) });
        if (!answer.body) throw new RoomApiError('unknown', answer.status, 'The stream has no body');
        opened();
        for await (const event of readEvents(answer.body)) {
          failures = 0;
          last = event.id ?? last;
          const told = read(event.type, event.data);
          if (told?.kind === 'end' && !FINAL.includes(told.error.type)) break;
          if (told) yield told;
          if (told?.kind === 'end' || signal.aborted) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof RoomApiError ? error : new RoomApiError('unreachable', 0, error instanceof Error ? error.message : 'unknown');
        if (FINAL.includes(problem.type)) return yield { kind: 'end', error: problem };
        opened(problem);
      }
      await pause(backOff(FIRST_PAUSE, failures++), signal);
    }
  }
}

async function ordered(send: () => Promise<LogHead>): Promise<Ordered> {
  try {
    return { kind: 'first', head: await send() };
  } catch (error) {
    if (isRoomApiError(error, 'mls-epoch-taken')) {
      const winner = error.members['winner'] as RawCommit | undefined;
      return { kind: 'taken', head: headOf(error), winner: winner && decoded(winner) };
    }
    if (isRoomApiError(error, 'mls-log-restarted', 'mls-epoch-ahead', 'mls-epoch-passed')) return { kind: 'unfit', head: headOf(error) };
    throw error;
  }
}

function headOf({ members }: RoomApiError): LogHead {
  return { incarnation: String(members['incarnation']), firstEpoch: Number(members['firstEpoch']), nextEpoch: Number(members['nextEpoch']) };
}

function decoded({ epoch, participantId, commit }: RawCommit): OrderedCommit {
  return { epoch, participantId, commit: base64.decode(commit) ?? new Uint8Array() };
}

function read(type: string, data: string): Told | undefined {
  try {
    const value = JSON.parse(data) as Record<string, unknown>;
    if (type === 'log') return { kind: 'log', head: value as unknown as LogHead };
    if (type === 'commit') return { kind: 'commit', commit: decoded(value as unknown as RawCommit) };
    if (type === 'mail') return { kind: 'mail' };
    if (type !== 'end') return undefined;
    const kind = String(value['type']).split(':').at(-1) ?? 'unknown';
    return { kind: 'end', error: new RoomApiError(kind, Number(value['status']), String(value['detail']), value) };
  } catch {
    return undefined;
  }
}
