import {
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  processMessage,
  zeroOutUint8Array,
  type ClientState,
  type Extension,
  type IncomingMessageCallback,
  type KeyPackage,
  type LeafNode,
  type MLSMessage,
  type Proposal,
  type ProposalWithSender,
  type PublicMessage,
  type RatchetTree,
} from 'ts-mls';
import { epochNumber, type Bytes, type Epoch, type LeafIndex, type NostrPublicKey, type ParticipantId, type RoomId, type UnixSeconds } from '../units.js';
import { bytesToHex } from 'nostr-tools/utils';
import { bannedExtension, bannedIn, withBanned, type BannedMember } from './banned.js';
import { makeCommit } from './commit.js';
import { clientConfig } from './config.js';
import { deriveFrameKey, safetyNumber } from './frame-keys.js';
import { joinByWelcome, joinFromOutside, treeOf } from './join.js';
import { checkKeyPackage, identify, publicKeyOf, type Candidate, type LeafIdentity } from './member.js';
import { CLOCK_TOLERANCE } from './proof.js';
import { Refusal, refusing } from './refusal.js';
import { suite } from './suite.js';
import { leavesOf } from './tree.js';

/** A member, as the MLS tree has it and its own proof confirms. */
export interface RosterEntry {
  readonly leaf: LeafIndex;
  readonly publicKey: NostrPublicKey;
  /** Who it is to the SFU, by its own word, which is signed. No other member has the same. */
  readonly participant: ParticipantId;
  /** When its proof ends; the member has to come back with a new one before. */
  readonly expiresAt: UnixSeconds;
}

/** What a commit shall do. With neither it gives the committer new keys. */
export interface Changes {
  readonly add?: readonly KeyPackage[];
  /** Members who are gone, and may come again. */
  readonly remove?: readonly LeafIndex[];
  /** Who is taken out on purpose, whether a member now or not, and kept out. */
  readonly ban?: readonly BannedMember[];
  /** Who is kept out no longer. */
  readonly readmit?: readonly NostrPublicKey[];
}

/** A commit of this member that is not in force: the room API may find that another one was first. */
export interface PendingCommit {
  /** To be ordered by the room API, byte for byte the same however often it is sent. */
  readonly commit: Uint8Array;
  /** To be sent to those who were added, once the commit was first. */
  readonly welcome: Uint8Array | undefined;
  /** What members need to come back to the epoch that the commit begins: `MlsGroup.groupInfo` of that epoch. */
  groupInfo(): Promise<Uint8Array>;
  /** The group after the commit, and the end of the secrets that led there. To be called once, when it was first. */
  adopt(): MlsGroup;
}

/** What a commit of another member led to. */
export type Processed =
  | { readonly kind: 'epoch'; readonly group: MlsGroup }
  /** This member is in no longer. Banned when that was on purpose, by the signed word of whoever did it: then it is kept out. */
  | { readonly kind: 'removed'; readonly banned: boolean };

/**
 * One epoch of an MLS group, as one member knows it. Never changes, except that secrets which are used up are erased: after
 * `process` or `adopt` the earlier group is of no use. Not for more than one thread.
 */
export class MlsGroup {
  readonly room: RoomId;
  readonly roster: readonly RosterEntry[];
  /** Who was taken out on purpose, the longest ago first. None of them is a member. */
  readonly banned: readonly BannedMember[];
  readonly #state: ClientState;
  readonly #members: ReadonlyMap<number, KnownMember>;
  #exported = false;

  private constructor(state: ClientState, room: RoomId, members: ReadonlyMap<number, KnownMember>, banned: readonly BannedMember[]) {
    this.#state = state;
    this.#members = members;
    this.room = room;
    this.roster = rosterOf(members);
    this.banned = banned;
  }

  /**
   * A new group of one member.
   * @param banned Who was taken out of the room's group before this one.
   */
  static async create(candidate: Candidate, now: UnixSeconds, banned: readonly BannedMember[] = []): Promise<MlsGroup> {
    const random = crypto.getRandomValues(new Uint8Array(16));
    // Random, because a room whose group starts anew needs another id (RFC 9420 section 8.1 asks for unique ones). The room is
    // in every proof.
    const state = await createGroup(random, candidate.keyPackage, candidate.privateKeys, [bannedExtension(withBanned([], banned))], await suite(), clientConfig);
    return MlsGroup.#enter(state, candidate.room, now);
  }

  /** @throws Refusal when the Welcome is not genuine, not for this candidate, or a member of the group cannot prove who it is. */
  static async join(welcome: Uint8Array, candidate: Candidate, now: UnixSeconds): Promise<MlsGroup> {
    const message = read(welcome);
    if (message.wireformat !== 'mls_welcome') throw new Refusal('malformed', 'it is no Welcome');
    return refusing(async () => MlsGroup.#enter(await joinByWelcome(message.welcome, candidate, await suite()), candidate.room, now));
  }

  /**
   * Comes back after a reload: a new leaf takes the place of the old one. The commit has to be ordered like any other.
   * @throws Refusal when the GroupInfo is not genuine, a member cannot prove who it is, or the candidate was no member.
   */
  static async rejoin(groupInfo: Uint8Array, candidate: Candidate, now: UnixSeconds): Promise<PendingCommit> {
    const message = read(groupInfo);
    if (message.wireformat !== 'mls_group_info') throw new Refusal('malformed', 'it is no GroupInfo');
    return refusing(async () => {
      const { state, message: publicMessage } = await joinFromOutside(message.groupInfo, candidate, await suite());
      const group = MlsGroup.#enter(state, candidate.room, now);
      const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
      return { commit, welcome: undefined, groupInfo: () => group.groupInfo(), adopt: () => group };
    });
  }

  /**
   * Who the members are, for somebody who wants to become one: a GroupInfo alone makes nobody a member.
   * @throws Refusal when it is not genuine, or a member cannot prove who it is.
   */
  static async inspect(groupInfo: Uint8Array, room: RoomId, now: UnixSeconds): Promise<Pick<MlsGroup, 'epoch' | 'roster' | 'banned'>> {
    const message = read(groupInfo);
    if (message.wireformat !== 'mls_group_info') throw new Refusal('malformed', 'it is no GroupInfo');
    return refusing(async () => {
      const { groupContext } = message.groupInfo;
      const members = membersOf(await treeOf(message.groupInfo, await suite()), room, now, new Map());
      return { epoch: epochNumber(groupContext.epoch), roster: rosterOf(members), banned: bannedFrom(groupContext.extensions, members) };
    });
  }

  static #enter(state: ClientState, room: RoomId, now: UnixSeconds, staying: ReadonlyMap<number, KnownMember> = new Map()): MlsGroup {
    const members = membersOf(state.ratchetTree, room, now, staying);
    return new MlsGroup(state, room, members, bannedFrom(state.groupContext.extensions, members));
  }

  get epoch(): Epoch {
    return epochNumber(this.#state.groupContext.epoch);
  }

  /** The place of this member. */
  get own(): LeafIndex {
    return this.#state.privatePath.leafIndex as LeafIndex;
  }

  /** What tells this group from others, also from those that the room had before. 16 bytes. */
  get id(): Uint8Array {
    return this.#state.groupContext.groupId;
  }

  /** What members compare by voice. Every epoch has another. */
  get safetyNumber(): string {
    return safetyNumber(this.#state.keySchedule.epochAuthenticator);
  }

  memberWith(publicKey: NostrPublicKey): RosterEntry | undefined {
    return this.roster.find((entry) => entry.publicKey === publicKey);
  }

  /** Members whose proof ends within the tolerance of clocks: a commit that leaves them in would keep joiners out. */
  expiring(now: UnixSeconds): RosterEntry[] {
    return this.roster.filter((entry) => entry.expiresAt < now + CLOCK_TOLERANCE && entry.leaf !== this.own);
  }

  /**
   * The frame key of every member in this epoch, 32 bytes each. The exporter secret is erased, so this works once.
   * @throws Error when it was called before.
   */
  async takeFrameKeys(): Promise<ReadonlyMap<NostrPublicKey, Bytes>> {
    if (this.#exported) throw new Error('The exporter secret of this epoch was erased');
    this.#exported = true;
    const cs = await suite();
    const { exporterSecret } = this.#state.keySchedule;
    const keys = await Promise.all(
      this.roster.map(async ({ leaf, publicKey }) => [publicKey, await deriveFrameKey(exporterSecret, leaf, publicKey, cs)] as const),
    );
    zeroOutUint8Array(exporterSecret);
    return new Map(keys);
  }

  /** What a member needs to come back from outside. Whoever reads it learns the roster; only members may. */
  async groupInfo(): Promise<Uint8Array> {
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(this.#state, [], await suite());
    return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
  }

  /**
   * Whether somebody may be added.
   * @throws Refusal when its key package is not genuine, its proof is wrong or ends too soon, it is a member, or it was taken out on
   * purpose.
   */
  async checkCandidate(keyPackage: KeyPackage, now: UnixSeconds): Promise<LeafIdentity> {
    await checkKeyPackage(keyPackage, await suite());
    // Stricter than those who will check it, whose clocks may be ahead.
    const found = identify(keyPackage.leafNode, this.room, now);
    if (typeof found === 'string') throw new Refusal(found === 'expired' ? 'expired' : 'proof', 'the candidate cannot prove who it is');
    if (this.banned.some(({ publicKey }) => publicKey === found.publicKey)) throw new Refusal('banned', 'the candidate was taken out on purpose');
    if (found.expiresAt < now + CLOCK_TOLERANCE) throw new Refusal('expired', 'the proof of the candidate ends too soon');
    if (this.roster.some(({ publicKey, participant }) => publicKey === found.publicKey || participant === found.participant)) throw new Refusal('identity', 'the candidate is a member');
    return found;
  }

  /**
   * Prepares a commit; this group stays as it is.
   * @throws Refusal when a candidate or a leaf is none.
   */
  async commit(changes: Changes, now: UnixSeconds): Promise<PendingCommit> {
    const { add = [], ban = [], readmit = [] } = changes;
    const removed = new Set([...(changes.remove ?? []), ...ban.flatMap(({ publicKey }) => this.memberWith(publicKey)?.leaf ?? [])]);
    if (removed.has(this.own)) throw new Refusal('policy', 'a member cannot remove itself');
    const proposals: Proposal[] = [...removed].map((leaf) => ({ proposalType: 'remove', remove: { removed: leaf } }));
    const banned = withBanned(this.banned, ban, readmit);
    if (ban.length + readmit.length > 0) proposals.push({ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [bannedExtension(banned)] } });
    const staying = this.#staying(removed);
    const after = new MlsGroup(this.#state, this.room, staying, banned);
    for (const keyPackage of add) {
      await after.checkCandidate(keyPackage, now);
      proposals.push({ proposalType: 'add', add: { keyPackage } });
    }
    return refusing(async () => {
      const made = await makeCommit(this.#state, proposals, await suite());
      const group = MlsGroup.#enter(made.state, this.room, now, staying);
      const welcome = made.welcome && encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome });
      const adopt = () => {
        made.consumed.forEach(zeroOutUint8Array);
        return group;
      };
      return { commit: encodeMlsMessage(made.message), welcome, groupInfo: () => group.groupInfo(), adopt };
    });
  }

  /**
   * Takes over the commit of another member.
   * @throws Refusal when it is not genuine, of another epoch, or brings in somebody who cannot prove who it is. This group then
   * stays as it is.
   */
  async process(commit: Uint8Array, now: UnixSeconds): Promise<Processed> {
    const message = read(commit);
    if (message.wireformat !== 'mls_private_message' && message.wireformat !== 'mls_public_message') throw new Refusal('malformed', 'it is no commit');
    const content = message.wireformat === 'mls_private_message' ? message.privateMessage : message.publicMessage.content;
    if (content.contentType !== 'commit') throw new Refusal('policy', 'proposals travel in commits only');
    const fromOutside = message.wireformat === 'mls_public_message';
    if (fromOutside && message.publicMessage.content.sender.senderType !== 'new_member_commit') throw new Refusal('policy', 'members send private messages');
    const { groupId, epoch } = this.#state.groupContext;
    if (content.epoch !== epoch || bytesToHex(content.groupId) !== bytesToHex(groupId)) throw new Refusal('epoch', 'it is of another epoch or group');

    return refusing(async () => {
      if (fromOutside) this.#checkReturn(message.publicMessage, now);
      const found: ReadProposals = { removed: new Set(), banned: undefined };
      const examine: IncomingMessageCallback = (incoming) => {
        if (incoming.kind !== 'commit') return 'reject';
        readProposals(incoming.proposals, fromOutside, found);
        // Who is removed cannot follow. ts-mls 1.6.4 tries to when somebody was added in the same place, and fails.
        return found.removed.has(this.own) ? 'reject' : 'accept';
      };
      const result = await processMessage(message, this.#state, emptyPskIndex, examine, await suite());
      const own = this.#members.get(this.own)?.entry.publicKey;
      // The signature over the proposals was checked by now (RFC 9420 section 6.1); that has to do for somebody who has no key of what follows.
      if (found.removed.has(this.own)) return { kind: 'removed', banned: found.banned?.some(({ publicKey }) => publicKey === own) ?? false };
      if (result.kind !== 'newState' || result.actionTaken === 'reject') throw new Refusal('malformed', 'it is no commit');
      const group = MlsGroup.#enter(result.newState, this.room, now, this.#staying(found.removed));
      result.consumed.forEach(zeroOutUint8Array);
      return { kind: 'epoch', group };
    });
  }

  /** The members that a commit leaves in; their leaves have to stay theirs. */
  #staying(removed: ReadonlySet<number>): Map<number, KnownMember> {
    return new Map([...this.#members].filter(([leaf]) => !removed.has(leaf)));
  }

  /** From outside comes only who is a member, in the place of its own old leaf: a GroupInfo alone makes nobody a member. */
  #checkReturn({ content }: PublicMessage, now: UnixSeconds) {
    if (content.contentType !== 'commit' || !content.commit.path) throw new Refusal('malformed', 'it is no commit from outside');
    const comes = identify(content.commit.path.leafNode, this.room, now);
    if (typeof comes === 'string') throw new Refusal(comes === 'expired' ? 'expired' : 'proof', 'who comes from outside cannot prove who it is');
    const gone = content.commit.proposals.flatMap((one) => (one.proposalOrRefType === 'proposal' && one.proposal.proposalType === 'remove' ? [one.proposal.remove.removed] : []));
    const own = this.memberWith(comes.publicKey);
    if (!own || gone.length !== 1 || gone[0] !== own.leaf) throw new Refusal('identity', 'who comes from outside has to be a member that comes back');
  }
}

function read(bytes: Uint8Array): MLSMessage {
  let decoded: [MLSMessage, number] | undefined;
  try {
    decoded = decodeMlsMessage(bytes, 0);
  } catch {
    decoded = undefined;
  }
  if (!decoded || decoded[1] !== bytes.length) throw new Refusal('malformed', 'it is no MLS message');
  return decoded[0];
}

/** What a commit does to the roster and to the list of who was taken out. */
interface ReadProposals {
  readonly removed: Set<number>;
  banned: readonly BannedMember[] | undefined;
}

/** Reads what a commit does. It adds, removes and changes the list; everything else that RFC 9420 section 12.1 has is refused. */
function readProposals(proposals: readonly ProposalWithSender[], fromOutside: boolean, found: ReadProposals) {
  for (const { proposal } of proposals) {
    if (proposal.proposalType === 'remove') found.removed.add(proposal.remove.removed);
    else if (proposal.proposalType === 'group_context_extensions' && !fromOutside) found.banned = bannedIn(proposal.groupContextExtensions.extensions);
    else if (proposal.proposalType !== (fromOutside ? 'external_init' : 'add')) throw new Refusal('policy', 'a proposal that a conference has no use for');
  }
}

/** The list of a GroupContext, of whom none may be a member. */
function bannedFrom(extensions: readonly Extension[], members: ReadonlyMap<number, KnownMember>): readonly BannedMember[] {
  const banned = bannedIn(extensions);
  const keys = new Set(banned.map(({ publicKey }) => publicKey));
  if (rosterOf(members).some(({ publicKey }) => keys.has(publicKey))) throw new Refusal('banned', 'somebody who was taken out on purpose is among the members');
  return banned;
}

function rosterOf(members: ReadonlyMap<number, KnownMember>): RosterEntry[] {
  return [...members.values()].map(({ entry }) => entry);
}

/** A member, and what its proof was checked over. */
interface KnownMember {
  readonly entry: RosterEntry;
  readonly evidence: string;
}

/**
 * The members in a tree. A leaf that is new is checked by its proof, which must not have ended. A leaf that stays has to be its
 * member's; its proof is checked again only when it is another.
 */
function membersOf(tree: RatchetTree, room: RoomId, now: UnixSeconds, staying: ReadonlyMap<number, KnownMember>): Map<number, KnownMember> {
  const members = new Map<number, KnownMember>();
  const seen = new Set<NostrPublicKey | ParticipantId>();
  for (const [index, leaf] of leavesOf(tree)) {
    const evidence = evidenceOf(leaf);
    const before = staying.get(index);
    // Who is in stays in when its proof ends, until somebody removes it: members must not come to different answers over time.
    const member = before?.evidence === evidence ? before : { entry: checked(leaf, index as LeafIndex, room, now), evidence };
    if (before && before.entry.publicKey !== member.entry.publicKey) throw new Refusal('identity', 'a member would become somebody else');
    for (const name of [member.entry.publicKey, member.entry.participant]) {
      if (seen.has(name)) throw new Refusal('identity', 'somebody would be a member twice');
      seen.add(name);
    }
    members.set(index, member);
  }
  return members;
}

function checked(leaf: LeafNode, index: LeafIndex, room: RoomId, now: UnixSeconds): RosterEntry {
  const found = identify(leaf, room, now);
  if (typeof found === 'string') throw new Refusal(found === 'expired' ? 'expired' : 'proof', 'a member cannot prove who it is');
  return { leaf: index, ...found };
}

/** All that a proof is about, and the proof. */
function evidenceOf(leaf: LeafNode): string {
  const parts = leaf.extensions.map((extension) => `${extension.extensionType}:${bytesToHex(extension.extensionData)}`);
  return [publicKeyOf(leaf), bytesToHex(leaf.signaturePublicKey), ...parts].join(' ');
}
