/**
 * Why a message of the group, a Welcome or a candidate is refused.
 * - malformed: it is no MLS message of the kind that is expected.
 * - epoch: it belongs to another epoch or group.
 * - proof: a leaf's Nostr proof is missing or wrong, of another room or of another key.
 * - expired: a leaf's proof has ended.
 * - identity: a member would change its Nostr key, stand twice in the tree, or come back in another's place.
 * - banned: somebody whom a member took out on purpose would be in, or is the candidate.
 * - policy: RFC 9420 allows it, a conference does not.
 * - invalid: RFC 9420 forbids it, or a signature or key does not fit.
 */
export type RefusalReason = 'malformed' | 'epoch' | 'proof' | 'expired' | 'identity' | 'banned' | 'policy' | 'invalid';

/** Thrown where something that came from outside is refused. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}

/** Runs what may throw anything at all, and throws nothing but a Refusal. */
export async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('invalid', error instanceof Error ? error.message : 'unknown');
  }
}
