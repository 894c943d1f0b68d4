import type { SignedEvent } from '../mls/signer.js';
import type { NostrPublicKey, UnixSeconds } from '../units.js';
import { GIFT_WRAP, unwrap, wrap } from './gift-wrap.js';
import type { Invitation } from './invitation.js';
import { type Letter, LetterReader, toRumors } from './letter.js';
import type { ConferenceSigner } from './signer.js';

/** A way for gift wraps: the room API's mailbox, or Nostr relays. */
export interface Carrier {
  /** Sends; fails only when nobody took it. */
  send(events: readonly SignedEvent[]): Promise<void>;
  /** Begins to hand on what comes for this person, from now on. */
  start(receive: (event: SignedEvent) => void): Promise<void>;
  close(): void;
}

/** What a group needs of the mail. */
export type GroupMail = Pick<PostOffice, 'start' | 'send' | 'close'>;

/** Events that are remembered, because several ways bring the same. */
const REMEMBERED = 4096;

/**
 * Letters between people of one room, closed with the invitation and wrapped as NIP-59 has it, by every way there is at once. Whoever
 * sends them has the Nostr key that they name and the invitation.
 */
export class PostOffice {
  readonly #signer: ConferenceSigner;
  readonly #own: NostrPublicKey;
  readonly #invitation: Invitation;
  readonly #carriers: readonly Carrier[];
  readonly #reader = new LetterReader();
  readonly #seen = new Set<string>();
  readonly #now: () => UnixSeconds;

  constructor(signer: ConferenceSigner, own: NostrPublicKey, invitation: Invitation, carriers: readonly Carrier[], now: () => UnixSeconds) {
    this.#signer = signer;
    this.#own = own;
    this.#invitation = invitation;
    this.#carriers = carriers;
    this.#now = now;
  }

  /** Hands on letters as they come. Throws when no way could be opened. */
  async start(receive: (letter: Letter & { readonly from: NostrPublicKey }) => void): Promise<void> {
    await any(this.#carriers.map((carrier) => carrier.start((event) => void this.#open(event).then((letter) => letter && receive(letter)))));
  }

  /** Sends each letter to its recipient. Throws when no way took them. */
  async send(letters: readonly { readonly to: NostrPublicKey; readonly letter: Letter }[]): Promise<void> {
    const events: SignedEvent[] = [];
    for (const { to, letter } of letters) {
      const body = await this.#invitation.seal(letter.kind, context(this.#own, to, letter), letter.body);
      for (const rumor of toRumors({ ...letter, body })) events.push(await wrap(rumor, this.#signer, this.#own, to, this.#now()));
    }
    await any(this.#carriers.map((carrier) => carrier.send(events)));
  }

  close(): void {
    for (const carrier of this.#carriers) carrier.close();
  }

  async #open(event: SignedEvent): Promise<(Letter & { readonly from: NostrPublicKey }) | undefined> {
    if (event.kind !== GIFT_WRAP || this.#seen.has(event.id)) return undefined;
    this.#seen.add(event.id);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value ?? '');
    const rumor = await unwrap(event, this.#signer);
    const letter = rumor && this.#reader.read(rumor);
    const body = letter && (await this.#invitation.open(letter.kind, context(letter.from, this.#own, letter), letter.body));
    return body && { ...letter, body };
  }
}

function context(from: NostrPublicKey, to: NostrPublicKey, { incarnation }: Letter): string {
  return `${from} ${to} ${incarnation}`;
}

/** Waits for the first that succeeds; the others go on. Fails only when every one did. */
async function any(attempts: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.any(attempts);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
