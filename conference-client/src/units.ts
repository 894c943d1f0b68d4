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
