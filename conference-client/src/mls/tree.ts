import type { CiphersuiteImpl, GroupContext, LeafNode, RatchetTree } from 'ts-mls';
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { directPath, leafToNodeIndex, leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { bytesToHex } from 'nostr-tools/utils';
import { Refusal } from './refusal.js';

// ts-mls 1.6.4 checks a tree when somebody joins, but wants every parent above an unmerged leaf to have the same list of them.
// RFC 9420 section 7.9.2 wants less, and a group in which several members have committed soon has a tree that is right and
// would be turned away. So joining, which is all that needs this check, is done here.

/** The leaves of a tree with their places. */
export function* leavesOf(tree: RatchetTree): Generator<[index: number, leaf: LeafNode]> {
  for (let node = 0; node < tree.length; node += 2) {
    const found = tree[node];
    if (found?.nodeType === 'leaf') yield [node / 2, found.leaf];
  }
}

/**
 * Checks the tree that a joiner is given (RFC 9420 section 12.4.3.1).
 * @throws Refusal when it is not a tree of this group and epoch.
 */
export async function checkTree(tree: RatchetTree, context: GroupContext, cs: CiphersuiteImpl): Promise<void> {
  checkStructure(tree);
  const keys = new Set<string>();
  const once = (key: Uint8Array) => {
    const hex = bytesToHex(key);
    if (keys.has(hex)) throw new Refusal('invalid', 'a key stands in the tree twice');
    keys.add(hex);
  };
  for (const node of tree) if (node?.nodeType === 'parent') once(node.parent.hpkePublicKey);
  for (const [index, leaf] of leavesOf(tree)) {
    once(leaf.hpkePublicKey);
    once(leaf.signaturePublicKey);
    const genuine =
      leaf.leafNodeSource === 'key_package'
        ? await verifyLeafNodeSignatureKeyPackage(leaf, cs.signature)
        : await verifyLeafNodeSignature(leaf, context.groupId, index, cs.signature);
    if (!genuine) throw new Refusal('invalid', 'a leaf is not signed by its key');
  }
  if (!(await verifyParentHashes(tree, cs.hash))) throw new Refusal('invalid', 'the parent hashes do not fit');
  if (bytesToHex(await treeHashRoot(tree, cs.hash)) !== bytesToHex(context.treeHash)) throw new Refusal('invalid', 'the tree is of another epoch');
}

function checkStructure(tree: RatchetTree) {
  for (const [index, node] of tree.entries()) {
    if (node && (node.nodeType === 'leaf') !== (index % 2 === 0)) throw new Refusal('invalid', 'leaves and parents are mixed up');
    if (node?.nodeType !== 'parent') continue;
    for (const unmerged of node.parent.unmergedLeaves) {
      const leaf = leafToNodeIndex(toLeafIndex(unmerged));
      const path: number[] = tree[leaf] ? directPath(leaf, leafWidth(tree.length)) : [];
      const below = path.indexOf(index);
      if (below < 0) throw new Refusal('invalid', 'an unmerged leaf is not below its parent');
      // Every parent between the two has to list it as well; what lies above need not.
      for (const between of path.slice(0, below)) {
        const parent = tree[between];
        if (parent?.nodeType === 'parent' && !parent.parent.unmergedLeaves.includes(unmerged)) throw new Refusal('invalid', 'a parent leaves out an unmerged leaf');
      }
    }
  }
}
