import { ConnectionState, Room, RoomEvent, type Participant } from 'livekit-client';
import { Access } from '../api/access.js';
import type { Admission, Decision, Role, RoomSettings } from '../api/answers.js';
import { isRoomApiError, RoomApiError } from '../api/problem.js';
import { RoomApi } from '../api/room-api.js';
import { Invitation } from '../mail/invitation.js';
import { NostrRelays } from '../mail/nostr-relays.js';
import type { Carrier } from '../mail/post-office.js';
import type { ConferenceSigner } from '../mail/signer.js';
import { nostrPublicKey, participantId, type Epoch, type NostrPublicKey, type ParticipantId } from '../units.js';
import type { Traffic } from '../worker/index.js';
import { FrameEncryption } from '../worker/index.js';
import { Connection, type ConnectionChange } from './connection.js';
import { ControlChannel, type ControlMessage } from './control-channel.js';
import { Emitter } from './emitter.js';
import type { GroupSession } from './group-session.js';
import { Introductions } from './introductions.js';
import { findUnverified, matchMembers, participantsOf, type Banned, type Member } from './members.js';
import { openSession } from './open-session.js';
import type { ConferenceEvents, ConferenceOptions, ConferenceState, CreateOptions } from './options.js';
import { Quality } from './quality.js';
import { noticeFor, type Notice } from './notices.js';
import { knock, listKnocking, type Knocking } from './waiting-room.js';

/** In larger calls members do not tell each other that they have the keys: after two seconds everybody sends with them anyway. */
const MOST_ACKNOWLEDGING = 16;

/** How often those who decide look who knocks, and everybody whose name is missing, in milliseconds. */
const LOOK_AGAIN = 3000;

/**
 * A call that no server can listen to. `room` is livekit-client's Room, for everything about tracks; who the people in it are, and what
 * keys they have, is here.
 */
export class Conference extends Emitter<ConferenceEvents> {
  /** livekit-client's Room, encrypted. Leave by `leave`, not by its `disconnect`. */
  readonly room: Room;
  /** To be given to whoever shall come too. */
  readonly invitation: Invitation;
  /** What is wanted of the others' pictures. */
  readonly quality: Quality;
  /** This person's Nostr key. */
  readonly publicKey: NostrPublicKey;
  readonly #api: RoomApi;
  readonly #signer: ConferenceSigner;
  readonly #options: ConferenceOptions;
  readonly #access: Access;
  readonly #worker: Worker;
  readonly #encryption: FrameEncryption;
  readonly #connection: Connection;
  readonly #control: ControlChannel;
  readonly #introductions: Introductions;
  #session!: GroupSession;
  #lost = false;
  #knocking: readonly Knocking[] = [];
  #looking: ReturnType<typeof setInterval> | undefined;
  #notice: Notice | undefined;
  #over = false;

  private constructor(api: RoomApi, signer: ConferenceSigner, publicKey: NostrPublicKey, invitation: Invitation, admission: Admission, options: ConferenceOptions) {
    super();
    this.#api = api;
    this.#signer = signer;
    this.#options = options;
    this.#access = new Access(api, admission, options.region);
    this.publicKey = publicKey;
    this.invitation = invitation;
    this.#worker = options.worker();
    this.#encryption = new FrameEncryption({
      own: admission.participantId,
      worker: this.#worker,
      onTraffic: (traffic) => this.emit('traffic', traffic),
      onEpochNeeded: () => this.#session.rekey(),
    });
    this.room = new Room({
      adaptiveStream: true,
      dynacast: true,
      reconnectPolicy: { nextRetryDelayInMs: ({ elapsedMs }) => (elapsedMs < 30_000 ? (100 + elapsedMs / 10) * (0.5 + Math.random()) : null) },
      ...options.room,
      publishDefaults: { videoCodec: 'vp8', backupCodec: false, ...options.room?.publishDefaults },
      // Tracks outlive a connection that is lost.
      stopLocalTrackOnUnpublish: false,
      encryption: this.#encryption.options,
    });
    options.prepare?.(this.room);
    this.quality = new Quality(() => this.room);
    this.#control = new ControlChannel(this.room, (from, message) => this.#hear(from, message));
    this.#introductions = new Introductions({ own: admission.participantId, name: options.name ?? '', control: this.#control, roster: () => this.roster });
    this.#connection = new Connection(this.room, this.#access, (change) => this.#connectionChanged(change));
    const present = [RoomEvent.Connected, RoomEvent.Reconnected, RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.Disconnected] as const;
    for (const event of present) this.room.on(event, () => this.#comeAndGo());
    for (const event of [RoomEvent.TrackSubscribed, RoomEvent.TrackUnmuted] as const) this.room.on(event, () => this.quality.apply());
  }

  /**
   * Makes a room and joins it, as its host. Returns when the SFU is reached; keys follow by themselves, and nothing leaves before.
   * @param api The address of the room API, without /v1.
   * @throws RoomApiError when the room API refuses.
   */
  static async create(api: string, signer: ConferenceSigner, options: CreateOptions): Promise<Conference> {
    options.progress?.({ kind: 'admitting' });
    const rooms = new RoomApi(api, signer);
    const admission = await rooms.create(options.request);
    return Conference.#enter(rooms, signer, Invitation.to(admission.roomId, options.relays), admission, options);
  }

  /**
   * Joins a room. Knocks where somebody has to open, and waits.
   * @param invitation An invitation, or a link that ends with one.
   * @throws RangeError when the invitation is none.
   * @throws RoomApiError when the room API refuses; of type `denied` when nobody opens.
   */
  static async join(api: string, signer: ConferenceSigner, invitation: Invitation | string, options: ConferenceOptions): Promise<Conference> {
    const into = typeof invitation === 'string' ? Invitation.parse(invitation) : invitation;
    options.progress?.({ kind: 'admitting' });
    const rooms = new RoomApi(api, signer);
    let admission: Admission;
    try {
      admission = await rooms.join(into.room, options.region);
    } catch (error) {
      if (!isRoomApiError(error, 'approval-required')) throw error;
      await knock(rooms, into, options.name ?? '', () => options.progress?.({ kind: 'knocking' }), options.signal);
      admission = await rooms.join(into.room, options.region);
    }
    return Conference.#enter(rooms, signer, into, admission, options);
  }

  static async #enter(api: RoomApi, signer: ConferenceSigner, invitation: Invitation, admission: Admission, options: ConferenceOptions): Promise<Conference> {
    const publicKey = nostrPublicKey(await signer.getPublicKey());
    options.progress?.({ kind: 'connecting' });
    const conference = new Conference(api, signer, publicKey, invitation, admission, options);
    try {
      await conference.#start();
      return conference;
    } catch (error) {
      await conference.leave();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const encryption = this.#encryption;
    this.#session = await openSession({
      access: this.#access,
      signer: this.#signer,
      invitation: this.invitation,
      carriers: [...(this.#options.carriers ?? []), ...this.#relays()],
      mailbox: this.#options.mailbox ?? true,
      keys: {
        begin: (epoch, keys) => encryption.begin(epoch, keys),
        sendWith: async (epoch) => {
          await encryption.sendWith(epoch);
          this.#introductions.greet();
        },
        clear: () => encryption.clear(),
      },
      acknowledge: (epoch) => {
        if (this.roster.length <= MOST_ACKNOWLEDGING) void this.#control.send({ kind: 'keys', epoch });
      },
      changed: () => this.#sessionChanged(),
      ended: (error) => this.#end(error),
    });
    await this.#encryption.protect(this.room);
    await Promise.all([this.#connection.connect(), this.#session.start()]);
    for (const [track, source] of this.#options.tracks ?? []) await this.room.localParticipant.publishTrack(track, { source });
    this.#looking = setInterval(() => {
      this.#introductions.ask();
      void this.#lookWhoKnocks();
    }, LOOK_AGAIN);
    this.#options.progress?.({ kind: 'connected' });
  }

  #relays(): Carrier[] {
    const relays = [...new Set([...(this.#options.relays ?? []), ...this.invitation.relays])];
    return relays.length > 0 ? [new NostrRelays({ relays, signer: this.#signer })] : [];
  }

  get state(): ConferenceState {
    return this.#lost ? 'connecting' : this.#session.state;
  }

  /** The members, whose keys are proven. Nobody else is seen or heard. */
  get roster(): readonly Member[] {
    return matchMembers(this.#session.group?.roster ?? [], this.publicKey, this.room, this.#introductions.names);
  }

  /** Participants that are no members, by the word of the SFU alone. Nothing of theirs is opened. */
  get unverified(): readonly Participant[] {
    return findUnverified(this.#session.group?.roster ?? [], this.room);
  }

  /** The group's epoch; undefined while there is none. */
  get epoch(): Epoch | undefined {
    return this.#session.group?.epoch;
  }

  /**
   * Eight groups of five digits, for members to compare by voice: who has the same is in the same group with the same people. Another
   * in every epoch; undefined while there is none.
   */
  get safetyNumber(): string | undefined {
    return this.#session.group?.safetyNumber;
  }

  get role(): Role {
    return this.#access.admission.role;
  }

  get settings(): RoomSettings {
    return this.#access.admission.settings;
  }

  /** Who waits to be let in, for hosts and moderators. */
  get knocking(): readonly Knocking[] {
    return this.#knocking;
  }

  /** What became of frames and data so far. */
  get traffic(): readonly Traffic[] {
    return this.#encryption.traffic;
  }

  /** What a person should read now, if anything. */
  get notice(): Notice | undefined {
    return this.#notice;
  }

  /** Who was taken out, the longest ago first: nobody in the group lets them in again before `readmit`. At most 256. */
  get banned(): readonly Banned[] {
    return this.#session.banned.map(({ publicKey, participant }) => ({ publicKey, participantId: participant, name: this.#introductions.names.get(participant) }));
  }

  /**
   * Takes somebody out: the room API puts them out, and the group goes on with keys that they do not have. Every member, also who joins
   * later, keeps them out from then on, whatever the server says; they are told that it was on purpose. For hosts and moderators.
   * @throws RoomApiError when the room API refuses; then the group stays as it is.
   */
  async remove(member: Member | ParticipantId): Promise<Decision> {
    const participant = typeof member === 'string' ? member : member.participantId;
    // Looked for before, because meanwhile they may have gone by themselves.
    const publicKey = typeof member === 'string' ? this.#session.keyOf(participant) : member.publicKey;
    const decision = await this.#api.revoke(this.invitation.room, participant);
    if (publicKey) this.#session.remove({ publicKey, participant });
    return decision;
  }

  /**
   * Lets somebody come again who was taken out, at the room API and in the group. Whose page is still open comes in by itself; who was
   * disconnected joins again. For hosts and moderators.
   * @throws RangeError when nobody of `banned` has this key.
   * @throws RoomApiError when the room API refuses; then they stay out.
   */
  async readmit(publicKey: NostrPublicKey): Promise<void> {
    const banned = this.banned.find((one) => one.publicKey === publicKey);
    if (!banned) throw new RangeError('Nobody with this key was taken out of the call');
    try {
      await this.#api.reinstate(this.invitation.room, banned.participantId);
    } catch (error) {
      // Only the group keeps them out: the room API has let them back before, or never had a part in it.
      if (!isRoomApiError(error, 'not-revoked')) throw error;
    }
    this.#session.readmit(publicKey);
  }

  /** Lets somebody in who knocks. */
  async approve(knocking: Knocking | ParticipantId, role?: Role): Promise<void> {
    await this.#api.approve(this.invitation.room, typeof knocking === 'string' ? knocking : knocking.participantId, role);
    await this.#lookWhoKnocks();
  }

  /** Turns somebody away who knocks. */
  async deny(knocking: Knocking | ParticipantId): Promise<void> {
    await this.#api.deny(this.invitation.room, typeof knocking === 'string' ? knocking : knocking.participantId);
    await this.#lookWhoKnocks();
  }

  /** Mutes somebody: everything, or one source. */
  async mute(member: Member | ParticipantId, source?: 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio'): Promise<void> {
    await this.#api.mute(this.invitation.room, typeof member === 'string' ? member : member.participantId, source);
  }

  /** Gives somebody a role. */
  setRole(member: Member | ParticipantId, role: Role): Promise<Decision> {
    return this.#api.setRole(this.invitation.room, typeof member === 'string' ? member : member.participantId, role);
  }

  /** Changes the room: a waiting room, a lock, who shares the screen. */
  async configure(settings: Partial<RoomSettings>): Promise<void> {
    await this.#api.configure(this.invitation.room, settings);
    await this.#access.renew();
    this.emit('changed');
  }

  /** Calls oneself something else from now on. */
  rename(name: string): void {
    this.#introductions.rename(name);
    this.emit('changed');
  }

  /** Gives oneself new keys now. It also happens by itself, every quarter of an hour. */
  rekey(): void {
    this.#session.rekey();
  }

  /** Leaves for another call, with the same camera and microphone and with keys of its own. */
  async move(invitation: Invitation | string, options: Partial<ConferenceOptions> = {}): Promise<Conference> {
    const tracks = new Map(this.#connection.published);
    const next = await Conference.join(this.#api.http.base, this.#signer, invitation, { ...this.#options, ...options, tracks: new Map() });
    for (const track of tracks.keys()) await this.room.localParticipant.unpublishTrack(track, false);
    for (const [track, source] of tracks) await next.room.localParticipant.publishTrack(track, { source });
    await this.#close(false);
    return next;
  }

  /** Leaves. Camera and microphone are switched off. */
  leave(): Promise<void> {
    return this.#close(true);
  }

  /** Ends the room for everybody. For hosts. */
  async end(): Promise<void> {
    await this.#api.end(this.invitation.room);
    await this.leave();
  }

  async #close(stopTracks: boolean): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#control.send({ kind: 'bye' });
    clearInterval(this.#looking);
    this.#session?.close();
    if (stopTracks) for (const track of this.#connection.published.keys()) track.stop();
    await this.#connection.close();
    this.#worker.terminate();
  }

  #sessionChanged(): void {
    this.#introductions.follow();
    this.#tell();
  }

  #hear(from: ParticipantId, message: ControlMessage): void {
    if (!this.roster.some(({ participantId: id }) => id === from)) return;
    if (message.kind === 'keys') return this.#session.acknowledged(from, message.epoch);
    if (message.kind === 'bye') return this.#session.hasLeft(from);
    this.#introductions.hear(from, message);
    this.emit('changed');
  }

  #comeAndGo(): void {
    // Whoever is not connected knows nothing about the others.
    if (this.room.state === ConnectionState.Connected) this.#session?.setPresent(new Set(participantsOf(this.room).map(({ identity }) => participantId(identity))));
    this.#introductions.greet();
    this.#tell();
  }

  #connectionChanged(change: ConnectionChange): void {
    if (change.kind === 'ended') return this.#end(change.error);
    this.#lost = change.kind === 'lost';
    if (!this.#lost) this.#introductions.greetAgain();
    this.#comeAndGo();
  }

  async #lookWhoKnocks(): Promise<void> {
    if (!this.#access.isModerator || !this.settings.requireApproval || this.#over) return;
    try {
      this.#knocking = await listKnocking(this.#api, this.invitation);
      this.emit('changed');
    } catch {
      // Looked at again in a moment.
    }
  }

  #tell(): void {
    if (this.#over) return;
    const notice = noticeFor(this.state);
    if (notice?.kind !== this.#notice?.kind) {
      this.#notice = notice;
      this.emit('notice', notice);
    }
    this.emit('changed');
  }

  #end(error: RoomApiError): void {
    if (this.#over) return;
    void this.#close(true);
    this.emit('ended', error);
  }
}
