import { AbstractRelay } from 'nostr-tools/abstract-relay';
import { verifyEvent, type NostrEvent, type VerifiedEvent } from 'nostr-tools/pure';
import type { NostrSigner, SignedEvent } from '../mls/signer.js';
import { nostrPublicKey, type NostrPublicKey } from '../units.js';
import { GIFT_WRAP, TWO_DAYS } from './gift-wrap.js';
import type { Carrier } from './post-office.js';

/** Lists of relays that people publish: where they want gift wraps (NIP-17), and which they use at all (NIP-65). */
const INBOX_LIST = 10_050;
const RELAY_LIST = 10_002;

/** So many relays are used for one person at most. */
const MOST_RELAYS = 6;
/** So many people's lists are remembered. */
const MOST_LISTS = 512;
/** How long a relay may take to be connected to, or to answer, in milliseconds. */
const PATIENCE = 4000;
const CONNECT_AGAIN = 5000;

export interface RelayOptions {
  /** Relays that the application uses, `wss://...`: where lists are looked for, and where mail goes for whoever has none. */
  readonly relays: readonly string[];
  readonly signer: NostrSigner;
  /** In place of the global WebSocket, where there is none. */
  readonly webSocket?: typeof WebSocket;
}

/**
 * Nostr relays as a way for letters: those that people name in their relay lists, and those of the application. A relay that is away
 * costs nothing as long as another one has it.
 */
export class NostrRelays implements Carrier {
  readonly #options: RelayOptions;
  readonly #connections = new Map<string, Promise<AbstractRelay | undefined>>();
  readonly #lists = new Map<NostrPublicKey, Promise<readonly string[]>>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Listens at the own relays. Fails when none of them can be reached. */
  async start(receive: (event: SignedEvent) => void): Promise<void> {
    const own = nostrPublicKey(await this.#options.signer.getPublicKey());
    const listening = (await this.#relaysOf(own)).map((url) => this.#listen(url, own, receive));
    await Promise.any(listening).catch(() => Promise.reject(new Error('None of the Nostr relays can be reached')));
  }

  /** Sends each event to its recipient's relays. Fails when for one of them no relay took it. */
  async send(events: readonly SignedEvent[]): Promise<void> {
    await Promise.all(events.map(async (event) => {
      const to = event.tags.find(([name]) => name === 'p')?.[1];
      if (to === undefined) throw new RangeError('The event is for nobody');
      const urls = await this.#relaysOf(nostrPublicKey(to));
      await Promise.any(urls.map((url) => this.#publish(url, event))).catch(() => Promise.reject(new Error('No Nostr relay of the recipient took a letter')));
    }));
  }

  close(): void {
    this.#closed = true;
    for (const retry of this.#retries) clearTimeout(retry);
    for (const connection of this.#connections.values()) void connection.then((relay) => relay?.close());
    this.#connections.clear();
  }

  async #listen(url: string, own: NostrPublicKey, receive: (event: SignedEvent) => void): Promise<void> {
    const again = () => {
      if (this.#closed) return;
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        void this.#listen(url, own, receive).catch(() => undefined);
      }, CONNECT_AGAIN);
      this.#retries.add(retry);
    };
    const relay = await this.#connect(url);
    if (!relay) {
      again();
      throw new Error('The relay cannot be reached');
    }
    // What was stored before was for keys that are gone; senders ask again.
    let live = false;
    const since = Math.floor(Date.now() / 1000) - TWO_DAYS - 3600;
    relay.subscribe([{ kinds: [GIFT_WRAP], '#p': [own], since, limit: 1 }], {
      oneose: () => (live = true),
      onevent: (event) => live && receive(event),
      onclose: again,
    });
  }

  async #publish(url: string, event: SignedEvent): Promise<void> {
    const relay = await this.#connect(url);
    if (!relay) throw new Error('The relay cannot be reached');
    await relay.publish(event);
  }

  /** Where somebody wants gift wraps: at the relays of their lists, else at those of the application. */
  #relaysOf(person: NostrPublicKey): Promise<readonly string[]> {
    let list = this.#lists.get(person);
    if (!list) {
      list = this.#findLists(person).then((found) => (found.length > 0 ? found : this.#options.relays).slice(0, MOST_RELAYS));
      if (this.#lists.size >= MOST_LISTS) this.#lists.clear();
      this.#lists.set(person, list);
    }
    return list;
  }

  async #findLists(person: NostrPublicKey): Promise<readonly string[]> {
    const answers = await Promise.all(this.#options.relays.map((url) => this.#askFor(url, person)));
    const events = answers.flat().filter((event) => event.pubkey === person).sort((one, other) => other.created_at - one.created_at);
    const inbox = events.find(({ kind }) => kind === INBOX_LIST)?.tags.filter(([name]) => name === 'relay');
    // NIP-65: without a marker a relay is for both.
    const read = events.find(({ kind }) => kind === RELAY_LIST)?.tags.filter(([name, , marker]) => name === 'r' && marker !== 'write');
    const urls = (inbox && inbox.length > 0 ? inbox : (read ?? [])).map(([, url]) => url);
    return [...new Set(urls.filter((url): url is string => url !== undefined && /^wss?:\/\/[^\s]+$/.test(url)))];
  }

  async #askFor(url: string, person: NostrPublicKey): Promise<NostrEvent[]> {
    const relay = await this.#connect(url);
    if (!relay) return [];
    return new Promise((resolve) => {
      const found: NostrEvent[] = [];
      const finish = () => {
        resolve(found);
        subscription.close();
      };
      const subscription = relay.subscribe([{ kinds: [INBOX_LIST, RELAY_LIST], authors: [person], limit: 4 }], {
        eoseTimeout: PATIENCE,
        onevent: (event) => void found.push(event),
        oneose: finish,
        onclose: () => resolve(found),
      });
    });
  }

  #connect(url: string): Promise<AbstractRelay | undefined> {
    const known = this.#connections.get(url);
    if (known) return known;
    const { webSocket, signer } = this.#options;
    const relay = new AbstractRelay(url, { verifyEvent: (event) => verifyEvent(event), ...(webSocket ? { websocketImplementation: webSocket } : {}) });
    relay.publishTimeout = PATIENCE;
    // NIP-42, where a relay wants to know who reads.
    relay.onauth = async (event) => (await signer.signEvent(event)) as VerifiedEvent;
    relay.onclose = () => this.#connections.delete(url);
    const connection = relay.connect({ timeout: PATIENCE }).then(
      () => relay,
      () => {
        this.#connections.delete(url);
        return undefined;
      },
    );
    this.#connections.set(url, connection);
    return connection;
  }
}
