declare const unit: unique symbol;

/** A span of time, or a moment on a clock that never goes back. In milliseconds; never negative. */
export type Milliseconds = number & { readonly [unit]: 'ms' };

/** The number of an MLS epoch as frames carry it: 0 to 2^32 - 1. */
export type Epoch = number & { readonly [unit]: 'epoch' };

/** What names a participant to the SFU: 16 bytes in base64url, different in every room. */
export type ParticipantId = string & { readonly [unit]: 'participant' };

/** Bytes with memory of their own, as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function milliseconds(value: number): Milliseconds {
  if (!(value >= 0)) throw new RangeError('A time is a number that is not negative');
  return value as Milliseconds;
}

/** @throws RangeError outside 0 to 2^32 - 1: the header of a frame has 32 bits for it. */
export function epochNumber(value: number | bigint): Epoch {
  if (value < 0 || value > 0xffff_ffff || (typeof value === 'number' && !Number.isInteger(value))) throw new RangeError('An epoch is a whole number of 32 bits');
  return Number(value) as Epoch;
}

export function participantId(value: string): ParticipantId {
  return value as ParticipantId;
}

/** A moment on the calendar, in whole seconds since 1970. */
export type UnixSeconds = number & { readonly [unit]: 'unix' };

/** A Nostr public key: 32 bytes in lower-case hex. */
export type NostrPublicKey = string & { readonly [unit]: 'npub' };

/** What the room API calls a room. */
export type RoomId = string & { readonly [unit]: 'room' };

/** The place of a member in the MLS tree. */
export type LeafIndex = number & { readonly [unit]: 'leaf' };

export function seconds(value: number): UnixSeconds {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('A moment is a whole number of seconds that is not negative');
  return value as UnixSeconds;
}

/** @throws RangeError when it is not 32 bytes in lower-case hex. */
export function nostrPublicKey(hex: string): NostrPublicKey {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new RangeError('A Nostr public key has 32 bytes in lower-case hex');
  return hex as NostrPublicKey;
}

export function roomId(value: string): RoomId {
  return value as RoomId;
}
