import { encrypt, getConversationKey } from 'nostr-tools/nip44';
import { finalizeEvent, generateSecretKey, getEventHash, verifyEvent } from 'nostr-tools/pure';
import type { SignedEvent } from '../mls/signer.js';
import { nostrPublicKey, type NostrPublicKey, type UnixSeconds } from '../units.js';
import type { ConferenceSigner } from './signer.js';

/** NIP-59: a seal is signed by its author and closed for its recipient; a gift wrap by a key that is used once. */
const SEAL = 13;
export const GIFT_WRAP = 1059;

/** NIP-59 dates seals and wraps up to two days back, in seconds, so that they cannot be put in order. */
export const TWO_DAYS = 2 * 24 * 3600;

/** How long a relay keeps a gift wrap (NIP-40): what is in it is about a call that is going on. */
const KEPT_FOR = 3600;

/** NIP-44 closes 65535 bytes at most, and a seal is text within text. */
export const LONGEST_CONTENT = 33_000;

/** What is said to one person: an event that is never signed. */
export interface Rumor {
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

/**
 * Wraps a rumor for its recipient (NIP-59).
 * @param from The signer's key, which is not asked for each time: an extension may ask a person.
 * @throws Error when the signer refuses.
 */
export async function wrap(rumor: Rumor, signer: ConferenceSigner, from: NostrPublicKey, to: NostrPublicKey, now: UnixSeconds): Promise<SignedEvent> {
  const event = { kind: rumor.kind, tags: rumor.tags.map((tag) => [...tag]), content: rumor.content, created_at: now, pubkey: from };
  const closed = await signer.nip44.encrypt(to, JSON.stringify({ ...event, id: getEventHash(event) }));
  const seal = await signer.signEvent({ kind: SEAL, created_at: someTimeBefore(now), tags: [], content: closed });
  const once = generateSecretKey();
  const content = encrypt(JSON.stringify(seal), getConversationKey(once, to));
  const tags = [['p', to], ['expiration', String(now + KEPT_FOR)]];
  return finalizeEvent({ kind: GIFT_WRAP, created_at: someTimeBefore(now), tags, content }, once);
}

/** Opens a gift wrap; undefined when it is none, not for this signer, or its seal is not by the author that it names. Any event may be given. */
export async function unwrap(event: SignedEvent, signer: ConferenceSigner): Promise<(Rumor & { readonly from: NostrPublicKey }) | undefined> {
  try {
    if (event.kind !== GIFT_WRAP || !verifyEvent(event)) return undefined;
    const seal = JSON.parse(await signer.nip44.decrypt(event.pubkey, event.content)) as SignedEvent;
    if (seal.kind !== SEAL || !verifyEvent(seal)) return undefined;
    const rumor = JSON.parse(await signer.nip44.decrypt(seal.pubkey, seal.content)) as Rumor & { pubkey: string };
    // Whoever seals somebody else's words is not their author (NIP-59).
    if (rumor.pubkey !== seal.pubkey || typeof rumor.content !== 'string' || !Array.isArray(rumor.tags)) return undefined;
    return { kind: rumor.kind, tags: rumor.tags, content: rumor.content, from: nostrPublicKey(seal.pubkey) };
  } catch {
    return undefined;
  }
}

function someTimeBefore(now: UnixSeconds): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return now - Math.floor((random / 2 ** 32) * TWO_DAYS);
}
