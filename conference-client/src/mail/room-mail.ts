import type { Mailbox } from '../api/mailbox.js';
import type { SignedEvent } from '../mls/signer.js';
import type { Carrier } from './post-office.js';

/** The mailbox of a room at the room API, as a way for letters. It is told when to look. */
export class RoomMail implements Carrier {
  readonly #mailbox: Mailbox;
  #receive: ((event: SignedEvent) => void) | undefined;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  send(events: readonly SignedEvent[]): Promise<void> {
    return this.#mailbox.send(events);
  }

  async start(receive: (event: SignedEvent) => void): Promise<void> {
    // What waited before was for somebody with other keys: an earlier page of the same person.
    await this.#mailbox.read();
    this.#receive = receive;
  }

  /** Looks for what has come. Asked again meanwhile, it looks once more. */
  look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#read().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  close(): void {
    this.#receive = undefined;
  }

  async #read(): Promise<void> {
    while (this.#again && this.#receive) {
      this.#again = false;
      for (const event of await this.#mailbox.read()) this.#receive?.(event);
    }
  }
}
