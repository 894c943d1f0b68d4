import type { AddressInfo } from 'node:net';
import { matchFilters, type Filter } from 'nostr-tools/filter';
import { verifyEvent, type NostrEvent } from 'nostr-tools/pure';
import { WebSocket, WebSocketServer } from 'ws';

/** For clients, where Node.js has no WebSocket of its own. */
export const webSocket = WebSocket as unknown as typeof globalThis.WebSocket;

/** A small Nostr relay (NIP-01) on a port of its own: keeps what it is sent, and hands on what is asked for. */
export class Relay {
  readonly events: NostrEvent[] = [];
  readonly #server: WebSocketServer;
  readonly #open = new Map<WebSocket, Map<string, Filter[]>>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (client) => {
      this.#open.set(client, new Map());
      client.on('close', () => this.#open.delete(client));
      client.on('message', (data) => this.#take(client, JSON.parse(String(data)) as [string, ...unknown[]]));
    });
  }

  static async start(port = 0): Promise<Relay> {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    return new Relay(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** Ends, with all connections. */
  async stop(): Promise<void> {
    for (const client of this.#open.keys()) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(client: WebSocket, [verb, ...values]: [string, ...unknown[]]): void {
    const tell = (to: WebSocket, ...message: unknown[]) => to.send(JSON.stringify(message));
    if (verb === 'EVENT') {
      const event = values[0] as NostrEvent;
      const good = verifyEvent(event);
      if (good && !this.events.some(({ id }) => id === event.id)) {
        this.events.push(event);
        for (const [reader, subscriptions] of this.#open) {
          for (const [id, filters] of subscriptions) if (matchFilters(filters, event)) tell(reader, 'EVENT', id, event);
        }
      }
      tell(client, 'OK', event.id, good, good ? '' : 'invalid: its signature');
    } else if (verb === 'REQ') {
      const [id, ...filters] = values as [string, ...Filter[]];
      this.#open.get(client)?.set(id, filters);
      for (const event of this.events.filter((one) => matchFilters(filters, one)).slice(-(filters[0]?.limit ?? 100))) tell(client, 'EVENT', id, event);
      tell(client, 'EOSE', id);
    } else if (verb === 'CLOSE') {
      this.#open.get(client)?.delete(String(values[0]));
    }
  }
}
