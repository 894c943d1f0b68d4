import type { ParticipantId } from '../units.js';
import type { ControlChannel, ControlMessage } from './control-channel.js';
import type { Member } from './members.js';

/** What an introduction needs from the call. */
export interface IntroductionSurroundings {
  readonly own: ParticipantId;
  /** What this person is called, as long as they say nothing else. */
  readonly name: string;
  readonly control: ControlChannel;
  /** The members there are now. */
  roster(): readonly Member[];
}

/** What members call themselves: they tell each other, and no server hears it. */
export class Introductions {
  readonly #around: IntroductionSurroundings;
  readonly #names = new Map<ParticipantId, string>();
  readonly #greeted = new Set<ParticipantId>();

  constructor(around: IntroductionSurroundings) {
    this.#around = around;
  }

  /** The names that are known. */
  get names(): ReadonlyMap<ParticipantId, string> {
    return this.#names;
  }

  /** The roster is another one: who is not in it is greeted again when it comes back. */
  follow(): void {
    const { own, name, roster } = this.#around;
    const ids = new Set(roster().map(({ participantId }) => participantId));
    if (ids.has(own) && !this.#names.has(own)) this.#names.set(own, name);
    for (const id of this.#greeted) if (!ids.has(id)) this.#greeted.delete(id);
  }

  /** Says its name to members who have not heard it and can by now. */
  greet(): void {
    const { own, control, roster } = this.#around;
    const fresh = roster().filter(({ participantId: id, participant }) => participant && id !== own && !this.#greeted.has(id)).map(({ participantId: id }) => id);
    for (const id of fresh) this.#greeted.add(id);
    void control.send({ kind: 'hello', name: this.#ownName, answer: true }, fresh);
  }

  /** Everybody is greeted once more: who was connected to another server may have missed it. */
  greetAgain(): void {
    this.#greeted.clear();
  }

  /** Asks members who were not heard for their names: what one of the two said before the other had the keys is lost. */
  ask(): void {
    const unheard = this.#around.roster().filter(({ own, participant, participantId: id }) => participant && !own && !this.#names.has(id)).map(({ participantId: id }) => id);
    void this.#around.control.send({ kind: 'hello', name: this.#ownName, answer: true }, unheard);
  }

  /** Somebody has said a name. */
  hear(from: ParticipantId, { name, answer }: Extract<ControlMessage, { kind: 'hello' }>): void {
    this.#names.set(from, name);
    if (answer) void this.#around.control.send({ kind: 'hello', name: this.#ownName, answer: false }, [from]);
  }

  /** Calls oneself something else, and tells everybody. */
  rename(name: string): void {
    this.#names.set(this.#around.own, name);
    void this.#around.control.send({ kind: 'hello', name, answer: false });
  }

  get #ownName(): string {
    return this.#names.get(this.#around.own) ?? this.#around.name;
  }
}
