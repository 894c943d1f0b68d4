// Fifty people come within ten seconds and leave within ten: run by BuildIt.RoomApi.Tests, or by hand against any room API:
//   ROOM_API=http://127.0.0.1:8080 PEOPLE=50 node --require ./tests/support/webcrypto.cjs artifacts/tests/live/crowd.js
// They are spread over threads, as many as there are processors, because people do not share one. Who is in the call is known here
// from the script instead of the SFU.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Order, Report, Standing } from './crowd-part.js';

const PEOPLE = Number(process.env['PEOPLE'] ?? 50);
const WITHIN = 10_000;
const STAY = 5;

/** One thread and the people in it. Places are numbers of people in the whole crowd. */
class Part {
  readonly standings = new Map<number, Standing>();
  readonly #worker = new Worker(new URL('./crowd-part.js', import.meta.url));
  readonly #changed: (report: Report) => void;

  constructor(changed: (report: Report) => void) {
    this.#changed = changed;
    this.#worker.on('message', (report: Report) => {
      if (report.kind === 'stands') this.standings.set(report.place, report.standing);
      this.#changed(report);
    });
    this.#worker.on('error', (error) => {
      throw error;
    });
  }

  order(order: Order): void {
    this.#worker.postMessage(order);
  }

  end(): Promise<number> {
    return this.#worker.terminate();
  }
}

const looks = new Set<(report?: Report) => void>();
const parts = Array.from({ length: Math.min(PEOPLE, Math.max(2, availableParallelism())) }, () => new Part((report) => looks.forEach((look) => look(report))));
const partOf = (place: number) => parts[place % parts.length]!;
const everywhere = (order: Order) => parts.forEach((part) => part.order(order));

/** Waits until something is so, which is looked at whenever something is told. */
function until<T>(found: (report?: Report) => T | undefined, what: () => string, limit: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(late);
      looks.delete(look);
    };
    const look = (report?: Report) => {
      const value = found(report);
      if (value === undefined) return;
      end();
      resolve(value);
    };
    const late = setTimeout(() => {
      end();
      reject(new Error(`not within ${limit} s: ${what()}`));
    }, limit * 1000);
    looks.add(look);
    look();
  });
}

/** Waits until some people, and nobody else, are in one epoch with the same keys, and send with them. */
function together(places: readonly number[], limit: number): Promise<Standing> {
  const standings = () => places.map((place) => partOf(place).standings.get(place));
  const sameAs = (first: Standing, one: Standing | undefined) =>
    one !== undefined && one.epoch === first.epoch && one.sending === first.epoch && one.members === places.length && one.safetyNumber === first.safetyNumber && one.keys === first.keys;
  return until(
    () => {
      const [first, ...others] = standings();
      return first?.epoch !== undefined && sameAs(first, first) && others.every((one) => sameAs(first, one)) ? first : undefined;
    },
    () => standings().map((one) => `${one?.state} ${one?.epoch ?? '-'}/${one?.members}`).join(', '),
    limit,
  );
}

const wait = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
const seconds = (from: number, to = performance.now()) => ((to - from) / 1000).toFixed(1);
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
const all = Array.from({ length: PEOPLE }, (_, place) => place);
const told = (places: readonly number[]) => {
  const traffic = places.map((place) => partOf(place).standings.get(place)!.traffic);
  const of = (what: 'messages' | 'bytes' | 'requests') => median(traffic.map((one) => one[what]));
  return `each received (median) ${of('messages')} messages, ${(of('bytes') / 1024).toFixed(0)} KiB; made ${of('requests')} requests`;
};
const processor = () => {
  const { user, system } = process.cpuUsage();
  return `${((user + system) / 1e6).toFixed(1)} s of processor in ${parts.length} threads`;
};

partOf(0).order({ kind: 'create', place: 0 });
const invitation = await until((report) => (report?.kind === 'created' ? report.invitation : undefined), () => 'a room', 30);
await together([0], 30);

const began = performance.now();
await Promise.all(all.slice(1).map(async (place, index) => {
  await wait((index * WITHIN) / (PEOPLE - 1));
  partOf(place).order({ kind: 'join', place, invitation });
  const { participant } = await until((report) => (report?.kind === 'joined' && report.place === place ? report : undefined), () => `${place} joins`, 120);
  everywhere({ kind: 'present', participant });
}));
const joined = performance.now();
const grown = await together(all, 180);
console.log(`${PEOPLE} joined within ${seconds(began, joined)} s and were together ${seconds(joined)} s later, after ${grown.epoch} commits, ${processor()}`);
console.log(told(all));
// On a machine that is busy with other things more time passes, and a second that passes may bring a commit.
const commitsIn = (time: number) => 3 + Math.ceil(time / 1000);
assert.ok(grown.epoch! <= commitsIn(performance.now() - began), `${grown.epoch} commits for ${PEOPLE} people`);

everywhere({ kind: 'countAnew' });
const left = performance.now();
await Promise.all(all.slice(STAY).map(async (place, index) => {
  await wait((index * WITHIN) / (PEOPLE - STAY));
  const { participant } = partOf(place).standings.get(place)!;
  partOf(place).order({ kind: 'vanish', place });
  everywhere({ kind: 'left', participant });
}));
const gone = performance.now();
const shrunk = await together(all.slice(0, STAY), 180);
console.log(`${PEOPLE - STAY} left within ${seconds(left, gone)} s, and the others were together ${seconds(gone)} s later, after ${shrunk.epoch! - grown.epoch!} commits, ${processor()}`);
console.log(told(all.slice(0, STAY)));
assert.ok(shrunk.epoch! - grown.epoch! <= commitsIn(performance.now() - left));
await Promise.all(parts.map((part) => part.end()));
