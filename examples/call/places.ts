import type { Conference } from '@buildit/conference-client';
import { ConnectionState, RoomEvent } from 'livekit-client';

const TOPIC = 'place';

/** How often those are asked who have not said where they are: what one of two says before the other has the keys is lost. */
const ASK_AGAIN = 3000;

/** The server that forwards for somebody. */
export interface Place {
  readonly node: string;
  /** Empty where servers have none. */
  readonly region: string;
}

/**
 * Who is served where. A page knows only its own server, so people tell each other, encrypted like the chat; a room that is served in
 * several regions looks to them like any other.
 */
export class Places {
  private readonly others = new Map<string, Place>();
  private told = '';

  /** @param changed Called when somebody else's place is known or another. */
  constructor(private readonly conference: Conference, private readonly changed: () => void) {
    const { room } = conference;
    room.on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
      if (topic === TOPIC && participant) this.hear(participant.identity, payload);
    });
    room.on(RoomEvent.ParticipantDisconnected, ({ identity }) => this.others.delete(identity));
    room.on(RoomEvent.ConnectionStateChanged, () => this.tell());
    const asking = window.setInterval(() => this.ask(), ASK_AGAIN);
    conference.on('ended', () => clearInterval(asking));
    this.tell();
  }

  /** This page's server, also after a reconnection to another; undefined before the first connection. */
  get own(): Place | undefined {
    const info = this.conference.room.engine.latestJoinResponse?.serverInfo;
    return info?.nodeId ? { node: info.nodeId, region: info.region } : undefined;
  }

  /** Where somebody is; undefined as long as they have not said it. */
  of(identity: string): Place | undefined {
    return identity === this.conference.room.localParticipant.identity ? this.own : this.others.get(identity);
  }

  /** Whether people are at different servers. */
  get differ(): boolean {
    return [...this.others.values()].some(({ node }) => node !== this.own?.node);
  }

  private hear(identity: string, payload: Uint8Array) {
    try {
      const { node, region, answer } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      if (typeof node !== 'string' || typeof region !== 'string') return;
      this.others.set(identity, { node: node.slice(0, 64), region: region.slice(0, 64) });
      if (answer === true) this.say(false, [identity]);
      this.changed();
    } catch {
      // Not what this page sends.
    }
  }

  /** Tells everybody when the server is another. */
  private tell() {
    const { own, conference } = this;
    if (!own || conference.room.state !== ConnectionState.Connected || this.told === own.node) return;
    this.told = own.node;
    this.say(false);
  }

  private ask() {
    const silent = this.conference.roster.filter(({ own, participant, participantId }) => participant && !own && !this.others.has(participantId));
    if (silent.length > 0) this.say(true, silent.map(({ participantId }) => participantId));
  }

  private say(answer: boolean, to?: string[]) {
    const { own, conference: { room } } = this;
    if (!own || room.state !== ConnectionState.Connected) return;
    const options = { reliable: true, topic: TOPIC, ...(to ? { destinationIdentities: to } : {}) };
    // Who does not hear it asks.
    void room.localParticipant.publishData(new TextEncoder().encode(JSON.stringify({ ...own, answer })), options).catch(() => undefined);
  }
}

/** A place in words, the region first: it is what tells people something. */
export const placeText = ({ node, region }: Place) => (region ? `${region}, server ${node}` : `server ${node}`);
