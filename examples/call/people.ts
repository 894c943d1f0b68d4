import type { Conference, Member } from '@buildit/conference-client';
import { npubEncode } from 'nostr-tools/nip19';
import { action, element, make } from './dom';
import { placeText, type Places } from './places';

const shortKey = (publicKey: string) => {
  const npub = npubEncode(publicKey);
  return `${npub.slice(0, 12)}…${npub.slice(-6)}`;
};

/** Who is in the call, how that is known and which server they are at, who knocks, and what hosts and moderators may do. */
export class People {
  constructor(
    private readonly conference: Conference,
    private readonly nameOf: (member: Member) => string,
    private readonly places: Places,
    private readonly failed: (problem: Error) => void,
  ) {}

  refresh() {
    const { conference } = this;
    const { roster, unverified, knocking, banned } = conference;
    const decides = conference.role === 'host' || conference.role === 'moderator';
    element('count').textContent = `(${roster.length})`;
    element('people-button').textContent = knocking.length > 0 ? `People (${knocking.length} waiting)` : `People (${roster.length})`;
    element('safety').textContent = conference.safetyNumber ?? 'There are no keys yet.';
    element('knocking').replaceChildren(...knocking.map((one) => {
      const name = one.name ?? 'Somebody without the invitation';
      const row = make('div', { className: 'row' }, make('b', { textContent: `${name} wants to come in` }), action('Let in', () => conference.approve(one), this.failed), action('Turn away', () => conference.deny(one), this.failed));
      return row;
    }));
    element('members').replaceChildren(...roster.map((member) => this.describe(member, decides)));
    element('strangers').replaceChildren(...unverified.map((participant) =>
      make('li', {}, make('b', { textContent: `Participant ${participant.identity.slice(0, 6)}` }), make('div', { className: 'unknown', textContent: 'Not verified: has no keys of this call, and is not seen or heard.' }))));
    element('banned').replaceChildren(...(decides ? banned : []).map((one) => {
      const row = make('div', { className: 'row' }, make('b', { textContent: one.name || shortKey(one.publicKey) }), action('Let back in', () => conference.readmit(one.publicKey), this.failed));
      return make('li', {}, row, make('div', { className: 'small', textContent: 'Was taken out, and is kept out by everybody in the call.' }));
    }));
  }

  private describe(member: Member, decides: boolean) {
    const row = make('div', { className: 'row' }, make('b', { textContent: this.nameOf(member) }));
    if (decides && !member.own) {
      row.append(action('Mute', () => this.conference.mute(member, 'microphone'), this.failed), action('Remove', () => this.conference.remove(member), this.failed));
    }
    const key = make('div', { className: 'small' }, make('span', { className: 'verified', textContent: '✓ key proven ' }), make('code', { textContent: shortKey(member.publicKey), title: npubEncode(member.publicKey) }));
    const place = this.places.of(member.participantId);
    const where = !member.participant ? 'not connected now' : place ? placeText(place) : '';
    return make('li', {}, row, key, ...(where ? [make('div', { className: 'small where', textContent: where })] : []));
  }
}
