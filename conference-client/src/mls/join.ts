import { zeroOutUint8Array, type CiphersuiteImpl, type ClientState, type GroupInfo, type PublicMessage, type RatchetTree, type Welcome } from 'ts-mls';
import { exportSecret, nextEpochContext } from 'ts-mls/clientState.js';
import { createConfirmationTag, createContentCommitSignature } from 'ts-mls/framedContent.js';
import { ratchetTreeFromExtension, verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { deriveKeySchedule, initializeEpoch } from 'ts-mls/keySchedule.js';
import { protectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { getCommitSecret, pathToPathSecrets, pathToRoot } from 'ts-mls/pathSecrets.js';
import { mergePrivateKeyPaths, toPrivateKeyPath, updateLeafKey } from 'ts-mls/privateKeyPath.js';
import { addLeafNode, removeLeafNode } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafToNodeIndex, leafWidth, nodeToLeafIndex, toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import { createUpdatePath, firstCommonAncestor } from 'ts-mls/updatePath.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { bytesToHex } from 'nostr-tools/utils';
import { clientConfig } from './config.js';
import { publicKeyOf, type Candidate } from './member.js';
import { Refusal } from './refusal.js';
import { checkTree, leavesOf } from './tree.js';

/** The extension of a GroupInfo with which one may join from outside (RFC 9420 section 12.4.3.2). */
const EXTERNAL_PUB = 'external_pub';

/** The tree of a GroupInfo, once it is seen to be genuine. Throws anything when it is not. */
export async function treeOf(info: GroupInfo, cs: CiphersuiteImpl): Promise<RatchetTree> {
  const tree = ratchetTreeFromExtension(info);
  if (!tree) throw new Refusal('invalid', 'the tree is missing');
  if (info.groupContext.cipherSuite !== cs.name) throw new Refusal('policy', 'another cipher suite');
  const signer = tree[leafToNodeIndex(toLeafIndex(info.signer))];
  if (signer?.nodeType !== 'leaf') throw new Refusal('invalid', 'the signer is no member');
  if (!(await verifyGroupInfoSignature(info, signer.leaf.signaturePublicKey, cs.signature))) throw new Refusal('invalid', 'the GroupInfo is not signed by its signer');
  await checkTree(tree, info.groupContext, cs);
  return tree;
}

/** Joins with a Welcome (RFC 9420 section 12.4.3.1). Who the members are has still to be checked. Throws anything when it is not genuine. */
export async function joinByWelcome(welcome: Welcome, { keyPackage, privateKeys }: Candidate, cs: CiphersuiteImpl): Promise<ClientState> {
  if (welcome.cipherSuite !== cs.name) throw new Refusal('policy', 'another cipher suite');
  const initKey = await cs.hpke.importPrivateKey(privateKeys.initPrivateKey);
  const secrets = await decryptGroupSecrets(initKey, await makeKeyPackageRef(keyPackage, cs.hash), welcome, cs.hpke);
  if (!secrets) throw new Refusal('malformed', 'the group secrets cannot be read');
  if (secrets.psks.length > 0) throw new Refusal('policy', 'a conference uses no pre-shared keys');
  // RFC 9420 section 8: zeros stand where there is no pre-shared key.
  const noPsk = new Uint8Array(cs.kdf.size);
  const info = await decryptGroupInfo(welcome, secrets.joinerSecret, noPsk, cs);
  if (!info) throw new Refusal('malformed', 'the GroupInfo cannot be read');
  const tree = await treeOf(info, cs);
  if (!(await verifyGroupInfoConfirmationTag(info, secrets.joinerSecret, noPsk, cs))) throw new Refusal('invalid', 'the confirmation tag does not fit');

  const ownKey = bytesToHex(keyPackage.leafNode.signature);
  const own = [...leavesOf(tree)].find(([, leaf]) => bytesToHex(leaf.signature) === ownKey)?.[0];
  if (own === undefined) throw new Refusal('invalid', 'the joiner is not in the tree');
  let privatePath: ClientState['privatePath'] = { leafIndex: own, privateKeys: { [leafToNodeIndex(toLeafIndex(own))]: privateKeys.hpkePrivateKey } };
  if (secrets.pathSecret) {
    const ancestor = firstCommonAncestor(tree, toLeafIndex(own), toLeafIndex(info.signer));
    const above = await toPrivateKeyPath(await pathToRoot(tree, ancestor, secrets.pathSecret, cs.kdf), own, cs);
    privatePath = mergePrivateKeyPaths(above, privatePath);
  }
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(secrets.joinerSecret, noPsk, info.groupContext, cs.kdf);
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, cs.kdf);
  [encryptionSecret, secrets.joinerSecret].forEach(zeroOutUint8Array);
  return {
    groupContext: info.groupContext,
    ratchetTree: tree,
    privatePath,
    signaturePrivateKey: privateKeys.signaturePrivateKey,
    confirmationTag: info.confirmationTag,
    keySchedule,
    secretTree,
    unappliedProposals: {},
    historicalReceiverData: new Map(),
    groupActiveState: { kind: 'active' },
    clientConfig,
  };
}

/**
 * Comes back with an external commit that takes the member's old leaf away (RFC 9420 section 12.4.3.2). Who the members are has
 * still to be checked. Throws anything when the GroupInfo is not genuine.
 */
export async function joinFromOutside(info: GroupInfo, candidate: Candidate, cs: CiphersuiteImpl): Promise<{ state: ClientState; message: PublicMessage }> {
  const { keyPackage, privateKeys } = candidate;
  const tree = await treeOf(info, cs);
  const external = info.extensions.find(({ extensionType }) => extensionType === EXTERNAL_PUB);
  if (!external) throw new Refusal('invalid', 'the GroupInfo lets nobody in');
  const before = [...leavesOf(tree)].find(([, leaf]) => publicKeyOf(leaf) === candidate.publicKey)?.[0];
  if (before === undefined) throw new Refusal('identity', 'only who was a member comes back like this');

  const { enc: kemOutput, secret: initSecret } = await exportSecret(external.extensionData, cs);
  const [joined, node] = addLeafNode(removeLeafNode(tree, toLeafIndex(before)), keyPackage.leafNode);
  const own = nodeToLeafIndex(node);
  const [updated, path, pathSecrets, leafKey] = await createUpdatePath(joined, own, info.groupContext, privateKeys.signaturePrivateKey, cs);
  const top = pathSecrets.at(-1);
  const commitSecret = top ? await getCommitSecret(updated, toNodeIndex(top.nodeIndex), top.secret, cs.kdf) : new Uint8Array(cs.kdf.size);
  const privatePath = updateLeafKey(await toPrivateKeyPath(pathToPathSecrets(pathSecrets), own, cs), await cs.hpke.exportPrivateKey(leafKey));

  const proposals = [
    { proposalOrRefType: 'proposal' as const, proposal: { proposalType: 'remove' as const, remove: { removed: before } } },
    { proposalOrRefType: 'proposal' as const, proposal: { proposalType: 'external_init' as const, externalInit: { kemOutput } } },
  ];
  const sender = { senderType: 'new_member_commit' as const };
  const signed = await createContentCommitSignature(info.groupContext, 'mls_public_message', { proposals, path }, sender, new Uint8Array(), privateKeys.signaturePrivateKey, cs.signature);
  const treeHash = await treeHashRoot(updated, cs.hash);
  const context = await nextEpochContext(info.groupContext, 'mls_public_message', signed.framedContent, signed.signature, treeHash, info.confirmationTag, cs.hash);
  const epoch = await initializeEpoch(initSecret, commitSecret, context, new Uint8Array(cs.kdf.size), cs.kdf);
  const confirmationTag = await createConfirmationTag(epoch.keySchedule.confirmationKey, context.confirmedTranscriptHash, cs.hash);
  const auth = { contentType: 'commit' as const, signature: signed.signature, confirmationTag };
  const content = { wireformat: 'mls_public_message' as const, content: signed.framedContent, auth };
  const message = await protectPublicMessage(epoch.keySchedule.membershipKey, context, content, cs);
  const secretTree = await createSecretTree(leafWidth(updated.length), epoch.encryptionSecret, cs.kdf);
  [commitSecret, initSecret, epoch.encryptionSecret, epoch.joinerSecret].forEach(zeroOutUint8Array);
  return {
    message,
    state: {
      groupContext: context,
      ratchetTree: updated,
      privatePath,
      signaturePrivateKey: privateKeys.signaturePrivateKey,
      confirmationTag,
      keySchedule: epoch.keySchedule,
      secretTree,
      unappliedProposals: {},
      historicalReceiverData: new Map(),
      groupActiveState: { kind: 'active' },
      clientConfig,
    },
  };
}
