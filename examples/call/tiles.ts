import { RoomEvent, Track, type Participant, type Room } from 'livekit-client';

/** One tile for each participant, kept in step with the room. */
export class Tiles {
  private readonly tiles = new Map<string, HTMLElement>();

  constructor(
    private readonly container: HTMLElement,
    private readonly room: Room,
    private readonly nameOf: (participant: Participant) => string,
    private readonly counted: (people: number) => void,
  ) {
    const events = [
      RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.TrackSubscribed, RoomEvent.TrackUnsubscribed, RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted, RoomEvent.LocalTrackPublished, RoomEvent.LocalTrackUnpublished, RoomEvent.ActiveSpeakersChanged, RoomEvent.Reconnected,
      RoomEvent.ParticipantEncryptionStatusChanged,
    ] as const;
    for (const event of events) room.on(event, () => this.refresh());
  }

  setLost(lost: boolean) {
    this.container.classList.toggle('lost', lost);
  }

  refresh() {
    const people: Participant[] = [this.room.localParticipant, ...this.room.remoteParticipants.values()];
    const present = new Set(people.map((participant) => participant.identity));
    for (const [identity, tile] of this.tiles) {
      if (!present.has(identity)) {
        tile.remove();
        this.tiles.delete(identity);
      }
    }
    for (const participant of people) this.draw(participant);
    this.container.style.setProperty('--columns', `${Math.ceil(Math.sqrt(people.length))}`);
    this.counted(people.length);
  }

  private draw(participant: Participant) {
    const tile = this.tiles.get(participant.identity) ?? this.make(participant);
    const name = this.nameOf(participant);
    tile.querySelector('.name')!.textContent = name;
    tile.querySelector('.face')!.textContent = name.slice(0, 1).toUpperCase();
    tile.querySelector('.lock')!.textContent = participant.isEncrypted ? 'encrypted' : '';
    tile.classList.toggle('speaks', participant.isSpeaking);

    const camera = participant.getTrackPublication(Track.Source.Camera);
    const video = tile.querySelector('video')!;
    const picture = camera?.isMuted ? undefined : camera?.videoTrack;
    video.style.visibility = picture ? 'visible' : 'hidden';
    if (picture && !picture.attachedElements.includes(video)) picture.attach(video);
    if (participant !== this.room.localParticipant) {
      participant.getTrackPublication(Track.Source.Microphone)?.audioTrack?.attach(tile.querySelector('audio')!);
    }
  }

  private make(participant: Participant) {
    const tile = document.createElement('div');
    tile.className = participant === this.room.localParticipant ? 'tile own' : 'tile';
    tile.innerHTML = '<div class="face"></div><video autoplay playsinline muted></video><audio autoplay></audio><span class="name"></span><span class="lock"></span>';
    this.tiles.set(participant.identity, tile);
    this.container.append(tile);
    return tile;
  }
}
