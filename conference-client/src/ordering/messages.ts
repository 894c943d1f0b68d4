import type { Epoch, NostrPublicKey } from '../units.js';

/** What happened. Everything that has an epoch and comes too late for it changes nothing. */
export type Input =
  /**
   * The member is in an epoch now, with this roster in the order of leaves, and those who were taken out on purpose. Answers adopt and
   * process, and begins everything.
   */
  | { readonly kind: 'entered'; readonly epoch: Epoch; readonly roster: readonly NostrPublicKey[]; readonly banned: readonly NostrPublicKey[] }
  /** The member was removed: nothing more happens until it enters again. */
  | { readonly kind: 'removed' }
  /** Somebody who may join is there with a key package, or no more. */
  | { readonly kind: 'arrived'; readonly publicKey: NostrPublicKey }
  | { readonly kind: 'withdrew'; readonly publicKey: NostrPublicKey }
  /** A member is gone, as everybody sees. */
  | { readonly kind: 'left'; readonly publicKey: NostrPublicKey }
  /** A member came back to the call before it was removed. */
  | { readonly kind: 'returned'; readonly publicKey: NostrPublicKey }
  /** The user of this device wants somebody out for good, who may have gone just now; or lets them come again. */
  | { readonly kind: 'ban'; readonly publicKey: NostrPublicKey }
  | { readonly kind: 'readmit'; readonly publicKey: NostrPublicKey }
  /** This member needs new keys now: the counter of a cryptor is used up, or its user asks for it. */
  | { readonly kind: 'rekey' }
  /** Answers prepare: there is a commit, or it cannot be made with these people; with nobody named, not at all. */
  | { readonly kind: 'prepared'; readonly epoch: Epoch }
  | { readonly kind: 'unfit'; readonly epoch: Epoch; readonly people: readonly NostrPublicKey[] }
  /** Answers send: it was first, another one was, or nobody knows. */
  | { readonly kind: 'won'; readonly epoch: Epoch }
  | { readonly kind: 'lost'; readonly epoch: Epoch; readonly winner: Uint8Array }
  | { readonly kind: 'unsent'; readonly epoch: Epoch }
  /** The commit that ends an epoch, as the log has it; own when it is the one that was prepared here. */
  | { readonly kind: 'ordered'; readonly epoch: Epoch; readonly commit: Uint8Array; readonly own: boolean }
  /** Answers process: the commit is none, or brings in somebody who cannot be. */
  | { readonly kind: 'refused'; readonly epoch: Epoch }
  /** Answers fetch: the log does not keep what is missing any more. */
  | { readonly kind: 'passed' }
  /** A member has the keys of an epoch: it said so, or a frame of it opened. */
  | { readonly kind: 'acknowledged'; readonly publicKey: NostrPublicKey; readonly epoch: Epoch }
  /** Nothing but time. */
  | { readonly kind: 'tick' };

/** Whom a commit is about. */
export interface Wishes {
  readonly add: readonly NostrPublicKey[];
  /** Members who are gone. */
  readonly remove: readonly NostrPublicKey[];
  /** Who is taken out on purpose, whether a member or not. Nobody of them is among the others. */
  readonly ban: readonly NostrPublicKey[];
  readonly readmit: readonly NostrPublicKey[];
}

/** What is to be done, in this order. */
export type Effect =
  /** Make a commit in this epoch and keep it. Without people it gives this member new keys. Answer: prepared or unfit. */
  | ({ readonly kind: 'prepare'; readonly epoch: Epoch } & Wishes)
  /** Send what was prepared to the log, the same bytes each time. Answer: won, lost or unsent. */
  | { readonly kind: 'send'; readonly epoch: Epoch }
  /** What was prepared is in force: take it over, and send its Welcome. Answer: entered. */
  | { readonly kind: 'adopt'; readonly epoch: Epoch }
  /** Forget what was prepared. */
  | { readonly kind: 'discard'; readonly epoch: Epoch }
  /** Take over another member's commit. Answer: entered, removed or refused. */
  | { readonly kind: 'process'; readonly epoch: Epoch; readonly commit: Uint8Array }
  /** Read the log from the commit that ends this epoch on. Answer: ordered for each, or passed. */
  | { readonly kind: 'fetch'; readonly from: Epoch }
  /** Tell the others that the keys of this epoch are here. */
  | { readonly kind: 'acknowledge'; readonly epoch: Epoch }
  /** Seal frames with this epoch from now on, and ask the encoders for key frames. */
  | { readonly kind: 'sendWith'; readonly epoch: Epoch }
  /** The way on is lost: too much was missed, or what won the epoch is no commit. Come back from outside, or form a new group. */
  | { readonly kind: 'astray'; readonly cause: 'passed' | 'refused' };
