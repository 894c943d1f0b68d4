export { isAllowedCodec, type Codec } from './frames/codec.js';
export { SaltPool, type RandomSource } from './frames/counter.js';
export { type DropReason, FrameCounts, type FrameResult } from './frames/drops.js';
export { importFrameKey, KeyRing } from './frames/keyring.js';
export { FrameOpener } from './frames/opener.js';
export { type EncodedFrame, FrameSealer } from './frames/sealer.js';
export { type TrackSource } from './frames/source.js';
export {
  type Bytes,
  type Epoch,
  epochNumber,
  type Milliseconds,
  milliseconds,
  type ParticipantId,
  participantId,
} from './units.js';
