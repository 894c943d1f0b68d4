import type { GroupLog } from '../api/commit-log.js';
import type { RoomApiError } from '../api/problem.js';
import type { Invitation } from '../mail/invitation.js';
import type { GroupMail } from '../mail/post-office.js';
import type { NostrSigner } from '../mls/signer.js';
import type { Epoch, NostrPublicKey, ParticipantId } from '../units.js';
import type { Clock } from './clock.js';
import type { FrameKeys } from './frame-keys.js';

/** What a session needs, and whom it tells. */
export interface SessionPorts {
  readonly log: GroupLog;
  readonly post: GroupMail;
  readonly invitation: Invitation;
  readonly signer: NostrSigner;
  readonly own: NostrPublicKey;
  /** Who this member is to the SFU. */
  readonly participant: ParticipantId;
  readonly keys: FrameKeys;
  readonly clock: Clock;
  /** For how long a proof is made, in seconds. */
  readonly proofSeconds: number;
  /** Whether this member may start the log anew. */
  isModerator(): boolean;
  /** Looks for mail. */
  lookForMail(): Promise<void>;
  acknowledge(epoch: Epoch): void;
  /** State, epoch or roster are others than before. */
  changed(): void;
  /** Nothing more comes: the room ended, or this member was put out of it. */
  ended(error: RoomApiError): void;
}
