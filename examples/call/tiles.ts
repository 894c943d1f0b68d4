import type { Conference } from '@buildit/conference-client';
import { Track, type Participant } from 'livekit-client';
import { make } from './dom';
import { placeText, type Places } from './places';

/** One tile for each participant and each shared screen, kept in step with the call. Whoever is no member has one without a picture. */
export class Tiles {
  private readonly tiles = new Map<string, HTMLElement>();

  constructor(
    private readonly container: HTMLElement,
    private readonly conference: Conference,
    private readonly nameOf: (participant: Participant) => string,
    private readonly places: Places,
  ) {
    new ResizeObserver(() => this.arrange()).observe(container);
  }

  refresh() {
    const { room } = this.conference;
    const people: Participant[] = [room.localParticipant, ...room.remoteParticipants.values()];
    const wanted = new Map<string, { participant: Participant; source: Track.Source }>();
    for (const participant of people) {
      if (participant.getTrackPublication(Track.Source.ScreenShare)) wanted.set(`${participant.identity} screen`, { participant, source: Track.Source.ScreenShare });
    }
    for (const participant of people) wanted.set(participant.identity, { participant, source: Track.Source.Camera });
    for (const [name, tile] of this.tiles) {
      if (wanted.has(name)) continue;
      tile.remove();
      this.tiles.delete(name);
    }
    const strangers = new Set(this.conference.unverified);
    for (const [name, { participant, source }] of wanted) this.draw(name, participant, source, strangers.has(participant));
    this.container.classList.toggle('lost', this.conference.state === 'connecting');
    this.arrange();
  }

  private draw(key: string, participant: Participant, source: Track.Source, stranger: boolean) {
    const own = participant === this.conference.room.localParticipant;
    const tile = this.tiles.get(key) ?? this.make(key, own, source);
    const name = this.nameOf(participant);
    const quiet = !participant.isMicrophoneEnabled;
    const trust = stranger ? 'not verified' : 'verified';
    const [named, trusted, mute, quality, where] = [...tile.querySelectorAll('figcaption span')];
    if (named) named.textContent = source === Track.Source.ScreenShare ? `${name}: screen` : name;
    if (trusted) trusted.textContent = trust;
    if (mute) mute.textContent = quiet && !stranger ? 'muted' : '';
    if (quality) quality.textContent = participant.connectionQuality === 'poor' || participant.connectionQuality === 'lost' ? `connection ${participant.connectionQuality}` : '';
    // Which server somebody is at says something only where there are several.
    const place = this.places.differ ? this.places.of(participant.identity) : undefined;
    if (where) where.textContent = place && source === Track.Source.Camera ? placeText(place) : '';
    tile.querySelector('.face')!.textContent = name.slice(0, 1).toUpperCase();
    tile.classList.toggle('speaks', participant.isSpeaking);
    tile.classList.toggle('unverified', stranger);
    tile.setAttribute('aria-label', `${name}, ${trust}${quiet ? ', muted' : ''}`);

    const publication = participant.getTrackPublication(source);
    const video = tile.querySelector('video')!;
    const picture = publication?.isMuted || stranger ? undefined : publication?.videoTrack;
    video.style.visibility = picture ? 'visible' : 'hidden';
    if (picture && !picture.attachedElements.includes(video)) picture.attach(video);
    if (!own && !stranger && source === Track.Source.Camera) {
      participant.getTrackPublication(Track.Source.Microphone)?.audioTrack?.attach(tile.querySelector('audio')!);
    }
  }

  private make(key: string, own: boolean, source: Track.Source) {
    const tile = make('figure', { className: `tile${own ? ' own' : ''}${source === Track.Source.ScreenShare ? ' screen' : ''}` });
    tile.setAttribute('role', 'group');
    tile.innerHTML = '<div class="face" aria-hidden="true"></div><video autoplay playsinline muted></video><audio autoplay></audio><figcaption><span></span><span class="trust"></span><span></span><span></span><span></span></figcaption>';
    this.tiles.set(key, tile);
    if (source === Track.Source.ScreenShare) this.container.prepend(tile);
    else this.container.append(tile);
    return tile;
  }

  /** As many columns as make the tiles largest. */
  private arrange() {
    const count = this.container.querySelectorAll('.tile:not(.screen)').length;
    const { clientWidth: width, clientHeight: height } = this.container;
    let [best, area] = [1, 0];
    for (let columns = 1; columns <= count; columns++) {
      const side = Math.min(width / columns / 16, height / Math.ceil(count / columns) / 9);
      if (side > area) [best, area] = [columns, side];
    }
    this.container.style.setProperty('--columns', `${best}`);
  }
}
