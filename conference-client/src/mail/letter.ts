import { base64 } from '../bytes.js';
import { bytesToHex } from 'nostr-tools/utils';
import type { Bytes, NostrPublicKey } from '../units.js';
import { LONGEST_CONTENT, type Rumor } from './gift-wrap.js';

/** What a letter brings. */
export type LetterKind = 'keyPackage' | 'welcome';

/** From one person to another, about the group of one log. */
export interface Letter {
  readonly kind: LetterKind;
  readonly incarnation: string;
  readonly body: Uint8Array;
}

// Kinds of rumors, which are never published. NIP-17 has kind 14 for plain text, so these are others.
const kinds: Readonly<Record<LetterKind, number>> = { keyPackage: 29_421, welcome: 29_422 };

/** So many bytes fit into one rumor as base64. */
const PART = Math.floor((LONGEST_CONTENT * 3) / 4);

/** A Welcome into a group of a thousand has about 400 KiB. */
const MOST_PARTS = 24;

/** Letters of which parts are missing, of all senders together. */
const MOST_UNFINISHED = 32;

/** Cuts a letter into rumors that gift wraps can carry. */
export function toRumors({ kind, incarnation, body }: Letter): Rumor[] {
  const count = Math.max(1, Math.ceil(body.length / PART));
  if (count > MOST_PARTS) throw new RangeError('A letter is too long for the mail');
  const name = bytesToHex(crypto.getRandomValues(new Uint8Array(8)));
  return Array.from({ length: count }, (_, index) => ({
    kind: kinds[kind],
    tags: [['log', incarnation], ['part', name, String(index), String(count)]],
    content: base64.encode(body.subarray(index * PART, (index + 1) * PART)),
  }));
}

/** Puts letters together from rumors that come in any order. */
export class LetterReader {
  readonly #unfinished = new Map<string, (Bytes | undefined)[]>();

  /** A letter, when this was the last part of it that was missing. Any rumor may be given. */
  read(rumor: Rumor & { readonly from: NostrPublicKey }): (Letter & { readonly from: NostrPublicKey }) | undefined {
    const kind = (Object.keys(kinds) as LetterKind[]).find((one) => kinds[one] === rumor.kind);
    const incarnation = tag(rumor, 'log')?.[1];
    const [, name, index, count] = tag(rumor, 'part') ?? [];
    const [at, of] = [Number(index), Number(count)];
    const bytes = base64.decode(rumor.content);
    if (!kind || incarnation === undefined || name === undefined || !bytes || bytes.length > PART) return undefined;
    if (!Number.isInteger(at) || !Number.isInteger(of) || of < 1 || of > MOST_PARTS || at < 0 || at >= of) return undefined;

    const key = `${rumor.from} ${kind} ${incarnation} ${name} ${of}`;
    const parts = this.#unfinished.get(key) ?? new Array<Bytes | undefined>(of).fill(undefined);
    parts[at] = bytes;
    const whole = parts.filter((part) => part !== undefined);
    if (whole.length < of) {
      this.#unfinished.set(key, parts);
      // The oldest gives way.
      if (this.#unfinished.size > MOST_UNFINISHED) this.#unfinished.delete(this.#unfinished.keys().next().value ?? '');
      return undefined;
    }
    this.#unfinished.delete(key);
    const body = new Uint8Array(whole.reduce((sum, part) => sum + part.length, 0));
    let start = 0;
    for (const part of whole) {
      body.set(part, start);
      start += part.length;
    }
    return { kind, incarnation, body, from: rumor.from };
  }
}

function tag(rumor: Rumor, name: string): readonly string[] | undefined {
  return rumor.tags.find((one) => Array.isArray(one) && one[0] === name);
}
