export type { Admission, Decision, Permissions, Role, RoomRequest, RoomSettings } from './api/answers.js';
export { isRoomApiError, RoomApiError } from './api/problem.js';
export { RoomApi } from './api/room-api.js';
export { Conference, type ConferenceEvents, type ConferenceOptions, type ConferenceState, type CreateOptions } from './conference/conference.js';
export { Emitter } from './conference/emitter.js';
export type { SessionState } from './conference/group-session.js';
export type { Member } from './conference/members.js';
export type { Notice, Progress } from './conference/notices.js';
export type { PreferredQuality, Quality } from './conference/quality.js';
export type { Knocking } from './conference/waiting-room.js';
export { isAllowedCodec, type Codec } from './frames/codec.js';
export { SaltPool, type RandomSource } from './frames/counter.js';
export { type DropReason, FrameCounts, type FrameResult } from './frames/drops.js';
export { importFrameKey, KeyRing } from './frames/keyring.js';
export { FrameOpener } from './frames/opener.js';
export { type EncodedFrame, FrameSealer } from './frames/sealer.js';
export { type TrackSource } from './frames/source.js';
export { Invitation } from './mail/invitation.js';
export { NostrRelays, type RelayOptions } from './mail/nostr-relays.js';
export type { Carrier } from './mail/post-office.js';
export { type ConferenceSigner, keySigner } from './mail/signer.js';
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
