import type { Access } from '../api/access.js';
import { CommitLog } from '../api/commit-log.js';
import { Mailbox } from '../api/mailbox.js';
import type { RoomApiError } from '../api/problem.js';
import type { Invitation } from '../mail/invitation.js';
import { type Carrier, PostOffice } from '../mail/post-office.js';
import { RoomMail } from '../mail/room-mail.js';
import type { ConferenceSigner } from '../mail/signer.js';
import { PROOF_SECONDS } from '../mls/member.js';
import { nostrPublicKey, type Epoch } from '../units.js';
import { systemClock, type Clock } from './clock.js';
import type { FrameKeys } from './frame-keys.js';
import { GroupSession } from './group-session.js';

export interface SessionOptions {
  readonly access: Access;
  readonly signer: ConferenceSigner;
  readonly invitation: Invitation;
  readonly keys: FrameKeys;
  /** Further ways for letters, beside the room's mailbox. */
  readonly carriers?: readonly Carrier[];
  /** Whether letters go by the room's mailbox; they do unless it says no. */
  readonly mailbox?: boolean;
  readonly clock?: Clock;
  readonly proofSeconds?: number;
  acknowledge?(epoch: Epoch): void;
  changed?(): void;
  ended?(error: RoomApiError): void;
}

/** Puts a session together over a room API. It is not started. */
export async function openSession(options: SessionOptions): Promise<GroupSession> {
  const { access, signer, invitation, clock = systemClock } = options;
  const own = nostrPublicKey(await signer.getPublicKey());
  const mail = new RoomMail(new Mailbox(access));
  return new GroupSession({
    log: new CommitLog(access),
    post: new PostOffice(signer, own, invitation, [...(options.mailbox === false ? [] : [mail]), ...(options.carriers ?? [])], () => clock.now()),
    invitation,
    signer,
    own,
    participant: access.admission.participantId,
    keys: options.keys,
    clock,
    proofSeconds: options.proofSeconds ?? PROOF_SECONDS,
    isModerator: () => access.isModerator,
    lookForMail: () => mail.look(),
    acknowledge: (epoch) => options.acknowledge?.(epoch),
    changed: () => options.changed?.(),
    ended: (error) => options.ended?.(error),
  });
}
