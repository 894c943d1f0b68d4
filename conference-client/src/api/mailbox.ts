import type { SignedEvent } from '../mls/signer.js';
import type { Access } from './access.js';

/** How much is sent at once: less than the room API takes (docs/room-api.md). */
const MOST_EVENTS = 32;
const MOST_BYTES = 400 << 10;

interface Page {
  readonly cursor?: string;
  readonly more: boolean;
  readonly messages: readonly { readonly at: number; readonly event: SignedEvent }[];
}

/** Gift wraps left at the room API, for rooms without Nostr relays. Throws RoomApiError. */
export class Mailbox {
  readonly #access: Access;
  #cursor: string | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Leaves gift wraps for their recipients. Those for whom too much waits already are left out. */
  async send(events: readonly SignedEvent[]): Promise<void> {
    let [batch, bytes]: [SignedEvent[], number] = [[], 0];
    for (const event of events) {
      const size = JSON.stringify(event).length;
      if (batch.length > 0 && (batch.length === MOST_EVENTS || bytes + size > MOST_BYTES)) {
        await this.#post(batch);
        [batch, bytes] = [[], 0];
      }
      batch.push(event);
      bytes += size;
    }
    if (batch.length > 0) await this.#post(batch);
  }

  /** What has come since it was read last. */
  async read(): Promise<readonly SignedEvent[]> {
    const found: SignedEvent[] = [];
    for (let more = true; more; ) {
      const page: Page = await this.#access.send<Page>('GET', `/mailbox${this.#cursor === undefined ? '' : `?after=${encodeURIComponent(this.#cursor)}`}`);
      found.push(...page.messages.map(({ event }) => event));
      this.#cursor = page.cursor ?? this.#cursor;
      more = page.more;
    }
    return found;
  }

  async #post(events: readonly SignedEvent[]): Promise<void> {
    await this.#access.send('POST', '/mailbox', { body: { events } });
  }
}
