import { FrameCounts } from '../frames/drops.js';
import type { ParticipantId } from '../units.js';
import type { Direction, Traffic } from './control.js';

/** How many lines are kept. A server can name participants without end. */
const TALLY_LINES = 4096;

interface Line {
  readonly participant: ParticipantId | undefined;
  readonly direction: Direction;
  readonly content: Traffic['content'];
  readonly counts: FrameCounts;
}

/** Counts what became of frames and data messages, for each participant. */
export class Tally {
  readonly #lines = new Map<string, Line>();

  /** The counts of one participant; shared by all for whom there is no more room. */
  countsOf(participant: ParticipantId, direction: Direction, content: Traffic['content']): FrameCounts {
    const named = `${direction} ${content} ${participant}`;
    if (this.#lines.has(named) || this.#lines.size < TALLY_LINES) return this.#line(named, participant, direction, content);
    return this.#line(`${direction} ${content}`, undefined, direction, content);
  }

  get traffic(): readonly Traffic[] {
    return [...this.#lines.values()].map(({ participant, direction, content, counts }) => ({
      participant,
      direction,
      content,
      passed: counts.passed,
      dropped: counts.reasons,
    }));
  }

  #line(key: string, participant: ParticipantId | undefined, direction: Direction, content: Traffic['content']): FrameCounts {
    let line = this.#lines.get(key);
    if (!line) {
      line = { participant, direction, content, counts: new FrameCounts() };
      this.#lines.set(key, line);
    }
    return line.counts;
  }
}
