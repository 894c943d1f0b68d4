import { createCommit, decodeMlsMessage, emptyPskIndex, encodeMlsMessage, defaultAuthenticationService, processMessage, type ClientState, type Extension, type LeafNode, type Proposal } from 'ts-mls';
import { clientConfig } from '../../src/mls/config.js';
import { MlsGroup } from '../../src/mls/group.js';
import { joinByWelcome } from '../../src/mls/join.js';
import { suite } from '../../src/mls/suite.js';
import { candidate, groupOf, noon } from './people.js';

/** A member whose own checks are off: it keeps to the protocol only as far as it wants. */
export class Mallory {
  state: ClientState;

  private constructor(state: ClientState) {
    this.state = state;
  }

  /** Three honest members, and Mallory whom they let in. */
  static async inGroup(): Promise<{ honest: MlsGroup[]; mallory: Mallory }> {
    const honest = await groupOf(3);
    const own = await candidate(66);
    const pending = await honest[0]!.commit({ add: [own.keyPackage] }, noon);
    const processed = await Promise.all(honest.slice(1).map((group) => group.process(pending.commit, noon)));
    const message = decodeMlsMessage(pending.welcome!, 0)![0];
    if (message.wireformat !== 'mls_welcome') throw new Error('no Welcome');
    const state = await joinByWelcome(message.welcome, own, await suite());
    const groups = processed.map((one) => (one as { group: MlsGroup }).group);
    return { honest: [pending.adopt(), ...groups], mallory: new Mallory({ ...state, clientConfig: { ...clientConfig, authService: defaultAuthenticationService } }) };
  }

  async commit(proposals: Proposal[], options: { asPublicMessage?: boolean } = {}): Promise<{ commit: Uint8Array; welcome: Uint8Array | undefined }> {
    const made = await createCommit(
      { state: this.state, cipherSuite: await suite() },
      { extraProposals: proposals, ratchetTreeExtension: true, wireAsPublicMessage: options.asPublicMessage ?? false },
    );
    const welcome = made.welcome && encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome });
    return { commit: encodeMlsMessage(made.commit), welcome };
  }

  /** Goes on with a commit of somebody else. */
  async take(commit: Uint8Array): Promise<void> {
    const message = decodeMlsMessage(commit, 0)![0];
    if (message.wireformat !== 'mls_private_message') throw new Error('no commit');
    this.state = (await processMessage(message, this.state, emptyPskIndex, () => 'accept', await suite())).newState;
  }

  /** Puts another name or proof into its own leaf, which its next commit with a path will carry. */
  disguise(change: (leaf: LeafNode) => Partial<Pick<LeafNode, 'credential'>> & { extensions?: Extension[] }): void {
    const tree = this.state.ratchetTree.slice();
    const node = tree[this.state.privatePath.leafIndex * 2];
    if (node?.nodeType !== 'leaf') throw new Error('no leaf');
    tree[this.state.privatePath.leafIndex * 2] = { nodeType: 'leaf', leaf: { ...node.leaf, ...change(node.leaf) } as LeafNode };
    this.state = { ...this.state, ratchetTree: tree };
  }
}
