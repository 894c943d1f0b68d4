export { isAllowedCodec, type Codec } from './frames/codec.js';
export { SaltPool, type RandomSource } from './frames/counter.js';
export { type DropReason, FrameCounts, type FrameResult } from './frames/drops.js';
export { importFrameKey, KeyRing } from './frames/keyring.js';
export { FrameOpener } from './frames/opener.js';
export { type EncodedFrame, FrameSealer } from './frames/sealer.js';
export { type TrackSource } from './frames/source.js';
export { type Changes, MlsGroup, type PendingCommit, type Processed, type RosterEntry } from './mls/group.js';
export { type Candidate, decodeKeyPackage, encodeKeyPackage, makeCandidate } from './mls/member.js';
export { Refusal, type RefusalReason } from './mls/refusal.js';
export type { EventTemplate, NostrSigner, SignedEvent } from './mls/signer.js';
export { type Direction, FrameEncryption, type FrameEncryptionOptions, type Traffic } from './worker/index.js';
export {
  type Bytes,
  type Epoch,
  epochNumber,
  type LeafIndex,
  type Milliseconds,
  milliseconds,
  type NostrPublicKey,
  nostrPublicKey,
  type ParticipantId,
  participantId,
  type RoomId,
  roomId,
  seconds,
  type UnixSeconds,
} from './units.js';
