// A group whose letters go by Nostr relays alone, with one of three away: run by BuildIt.RoomApi.Tests.
import assert from 'node:assert/strict';
import { NostrRelays } from '../../src/mail/nostr-relays.js';
import { Relay, webSocket } from '../support/relay.js';
import { Person, together } from './person.js';

const relays = await Promise.all([Relay.start(), Relay.start(), Relay.start()]);
const urls = relays.map(({ url }) => url);
await relays[1]!.stop();
const people = [new Person(), new Person(), new Person()];
const byRelays = ({ signer }: Person) => ({ mailbox: false, carriers: [new NostrRelays({ relays: urls, signer, webSocket })] });
const [ada, ...others] = people as [Person, Person, Person];
const invitation = await ada.create({}, byRelays(ada));
for (const person of others) await person.join(invitation, byRelays(person));
await together(people);
assert.ok(relays[0]!.events.length >= 4);

// The last ones go away too: the call goes on, and who is in it changes keys.
await Promise.all([relays[0]!.stop(), relays[2]!.stop()]);
const { epoch } = ada;
others[1]!.session!.rekey();
await ada.until(() => ada.epoch! > epoch!, 'new keys without a relay');
await together(people);
for (const { session } of people) session!.close();
console.log('done');
