/** A Nostr event before it is signed (NIP-01). */
export interface EventTemplate {
  kind: number;
  created_at: number;
  tags: string[][];
  content: string;
}

/** A signed Nostr event. */
export interface SignedEvent extends EventTemplate {
  pubkey: string;
  id: string;
  sig: string;
}

/** What a browser extension offers as window.nostr (NIP-07), or an object that holds a raw key. Nothing else needs the private key. */
export interface NostrSigner {
  /** The public key, 32 bytes in lower-case hex. */
  getPublicKey(): Promise<string>;
  signEvent(event: EventTemplate): Promise<SignedEvent>;
}
