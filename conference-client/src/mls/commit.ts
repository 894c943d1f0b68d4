import { emptyPskIndex, zeroOutUint8Array, type CiphersuiteImpl, type ClientState, type KeyPackage, type MLSMessage, type Proposal, type Welcome } from 'ts-mls';
import { applyProposals, nextEpochContext } from 'ts-mls/clientState.js';
import { createGroupInfoWithRatchetTree } from 'ts-mls/createCommit.js';
import { createConfirmationTag, createContentCommitSignature } from 'ts-mls/framedContent.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { protect } from 'ts-mls/messageProtection.js';
import { getCommitSecret, pathToPathSecrets } from 'ts-mls/pathSecrets.js';
import { mergePrivateKeyPaths, toPrivateKeyPath, updateLeafKey } from 'ts-mls/privateKeyPath.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafToNodeIndex, leafWidth, toLeafIndex, toNodeIndex, type LeafIndex } from 'ts-mls/treemath.js';
import { createUpdatePath, firstCommonAncestor } from 'ts-mls/updatePath.js';
import { encryptGroupInfo, encryptGroupSecrets } from 'ts-mls/welcome.js';
import { Refusal } from './refusal.js';

// ts-mls 1.6.4 makes commits too, but closes the path of one that changes the GroupContext's extensions under the extensions of
// before. RFC 9420 section 12.4.1 wants those of after, and its own receivers do. Nor does it make a path for a commit that does
// nothing else, which section 12.4 asks for.

/** A commit of a member, and the state it leads to. */
export interface MadeCommit {
  readonly message: MLSMessage;
  readonly welcome: Welcome | undefined;
  readonly state: ClientState;
  /** Secrets of the epoch before, to be erased once the commit is in force. */
  readonly consumed: readonly Uint8Array[];
}

/** Makes a commit of some proposals (RFC 9420 section 12.4.1). The state given stays as it is. Throws anything when a proposal is not valid. */
export async function makeCommit(state: ClientState, proposals: readonly Proposal[], cs: CiphersuiteImpl): Promise<MadeCommit> {
  const { groupContext, keySchedule, signaturePrivateKey } = state;
  const own = toLeafIndex(state.privatePath.leafIndex);
  const contained = proposals.map((proposal) => ({ proposalOrRefType: 'proposal' as const, proposal }));
  const applied = await applyProposals(state, contained, own, emptyPskIndex, true, cs);
  if (applied.additionalResult.kind !== 'memberCommit') throw new Refusal('policy', 'a member commits as a member');
  const { addedLeafNodes: added, extensions } = applied.additionalResult;
  const provisional = extensions.length > 0 ? { ...groupContext, extensions } : groupContext;

  let [tree, privatePath, commitSecret] = [applied.tree, state.privatePath, new Uint8Array(cs.kdf.size)];
  let made: Awaited<ReturnType<typeof createUpdatePath>> | undefined;
  if (applied.needsUpdatePath || extensions.length > 0) {
    const newcomers = added.map(([leaf]) => leafToNodeIndex(leaf));
    made = await createUpdatePath(applied.tree, own, provisional, signaturePrivateKey, cs, newcomers);
    const [updated, , pathSecrets, leafKey] = made;
    const above = await toPrivateKeyPath(pathToPathSecrets(pathSecrets), own, cs);
    privatePath = mergePrivateKeyPaths(updateLeafKey(state.privatePath, await cs.hpke.exportPrivateKey(leafKey)), above);
    const top = pathSecrets.at(-1);
    if (top) commitSecret = Uint8Array.from(await getCommitSecret(updated, toNodeIndex(top.nodeIndex), top.secret, cs.kdf));
    tree = updated;
  }

  const sender = { senderType: 'member' as const, leafIndex: own };
  const nothing = new Uint8Array();
  const content = { proposals: contained, path: made?.[1] };
  const { framedContent, signature } = await createContentCommitSignature(groupContext, 'mls_private_message', content, sender, nothing, signaturePrivateKey, cs.signature);
  const context = await nextEpochContext(provisional, 'mls_private_message', framedContent, signature, await treeHashRoot(tree, cs.hash), state.confirmationTag, cs.hash);
  const epoch = await initializeEpoch(keySchedule.initSecret, commitSecret, context, applied.pskSecret, cs.kdf);
  const confirmationTag = await createConfirmationTag(epoch.keySchedule.confirmationKey, context.confirmedTranscriptHash, cs.hash);
  const auth = { contentType: 'commit' as const, signature, confirmationTag };
  const closed = await protect(keySchedule.senderDataSecret, nothing, groupContext, state.secretTree, { ...framedContent, auth }, own, state.clientConfig.paddingConfig, cs);

  const next: ClientState = {
    ...state,
    groupContext: context,
    ratchetTree: tree,
    privatePath,
    confirmationTag,
    keySchedule: epoch.keySchedule,
    secretTree: await createSecretTree(leafWidth(tree.length), epoch.encryptionSecret, cs.kdf),
    historicalReceiverData: new Map(),
  };
  const welcome = added.length > 0 ? await welcomeTo(added, next, made?.[2] ?? [], epoch, cs) : undefined;
  [commitSecret, epoch.encryptionSecret, epoch.joinerSecret].forEach(zeroOutUint8Array);
  return { message: { version: 'mls10', wireformat: 'mls_private_message', privateMessage: closed.privateMessage }, welcome, state: next, consumed: [...closed.consumed, keySchedule.initSecret] };
}

/** The Welcome for those whom a commit adds (RFC 9420 section 12.4.3.1). */
async function welcomeTo(
  added: readonly [LeafIndex, KeyPackage][],
  state: ClientState,
  pathSecrets: readonly { readonly nodeIndex: number; readonly secret: Uint8Array }[],
  epoch: { readonly joinerSecret: Uint8Array; readonly welcomeSecret: Uint8Array },
  cs: CiphersuiteImpl,
): Promise<Welcome> {
  const { ratchetTree, groupContext, confirmationTag, privatePath } = state;
  const info = await createGroupInfoWithRatchetTree(groupContext, confirmationTag, state, ratchetTree, [], cs);
  const encryptedGroupInfo = await encryptGroupInfo(info, epoch.welcomeSecret, cs);
  const secrets = await Promise.all(added.map(async ([leaf, keyPackage]) => {
    // RFC 9420 section 12.4.3.1: the lowest node of the path that is above both.
    const common = firstCommonAncestor(ratchetTree, leaf, toLeafIndex(privatePath.leafIndex));
    const pathSecret = pathSecrets.find(({ nodeIndex }) => nodeIndex === common)?.secret;
    const initKey = await cs.hpke.importPublicKey(keyPackage.initKey);
    const { enc, ct } = await encryptGroupSecrets(initKey, encryptedGroupInfo, { joinerSecret: epoch.joinerSecret, pathSecret, psks: [] }, cs.hpke);
    return { newMember: await makeKeyPackageRef(keyPackage, cs.hash), encryptedGroupSecrets: { kemOutput: enc, ciphertext: ct } };
  }));
  return { cipherSuite: cs.name, secrets, encryptedGroupInfo };
}
