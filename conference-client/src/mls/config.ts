import { defaultPaddingConfig, type ClientConfig } from 'ts-mls';
import { publicKeyOf } from './member.js';

/** What ts-mls asks of its application. */
export const clientConfig: ClientConfig = {
  // It is asked before a leaf's extensions can be seen, and a refusal of it among several leaves becomes an unhandled rejection
  // inside ts-mls 1.6.4. So nothing is decided here: every leaf of a new state is checked, in group.ts, before the state is
  // taken over.
  authService: { validateCredential: () => Promise.resolve(true) },
  // One person stands in the tree once, so two key packages of the same Nostr key are of the same client.
  keyPackageEqualityConfig: {
    compareKeyPackages: (one, other) => publicKeyOf(one.leafNode) === publicKeyOf(other.leafNode),
    compareKeyPackageToLeafNode: (one, leaf) => publicKeyOf(one.leafNode) === publicKeyOf(leaf),
  },
  lifetimeConfig: { maximumTotalLifetime: 0xffff_ffff_ffff_ffffn, validateLifetimeOnReceive: false },
  // Nothing but commits is sent, and a commit of an earlier epoch is of no use any more.
  keyRetentionConfig: { retainKeysForEpochs: 1, retainKeysForGenerations: 1, maximumForwardRatchetSteps: 64 },
  paddingConfig: defaultPaddingConfig,
};
