// A group from its beginning over everything that happens to it, against a real room API: run by BuildIt.RoomApi.Tests.
import assert from 'node:assert/strict';
import { Person, together } from './person.js';

const [ada, bob, carol, dora] = [new Person(), new Person(), new Person(), new Person()];
const invitation = await ada.create();
await together([ada]);

await Promise.all([bob.join(invitation), carol.join(invitation)]);
await together([ada, bob, carol]);
const three = ada.epoch!;
assert.deepEqual(bob.roster, ada.roster);

await dora.join(invitation);
await together([ada, bob, carol, dora]);
assert.ok(ada.epoch! > three);
// A member that comes later has nothing from before, and every member's key is another in every epoch.
assert.ok(!dora.keys.epochs.has(three));
const seen = [...ada.keys.epochs.values()].flatMap((keys) => [...keys.values()]);
assert.equal(new Set(seen).size, seen.length);

// Bob is taken out and keeps his connection: he hears of the commit, and has no key of what comes after it.
const bobsKey = (await bob.signer.getPublicKey());
const before = ada.epoch!;
ada.session!.remove(ada.session!.group!.roster.find(({ publicKey }) => publicKey === bobsKey)!);
await together([ada, carol, dora]);
await bob.until(() => bob.session!.state === 'removed', 'Bob knows that he was taken out');
assert.ok(ada.epoch! > before);
assert.equal(bob.keys.epochs.size, 0);
const later = [...ada.keys.epochs].filter(([epoch]) => epoch > before).flatMap(([, keys]) => [...keys.keys()]);
assert.ok(!later.includes(bob.participant));

// Carol reloads her page: new keys in her old place.
carol.vanish();
await carol.join(invitation);
await together([ada, carol, dora]);

// Everybody changes their keys at once: one after the other is first, and nobody is lost.
for (const person of [ada, carol, dora]) person.session!.rekey();
await together([ada, carol, dora]);

// Dora's network is away while the others go on, and she catches up.
dora.setOnline(false);
ada.session!.rekey();
await ada.until(() => ada.epoch! > dora.epoch! && ada.epoch === carol.epoch, 'the others go on');
dora.setOnline(true);
await together([ada, carol, dora], 60);

// A stranger with the room's id and no secret is told so.
const stranger = new Person();
const { Invitation } = await import('../../src/mail/invitation.js');
await stranger.join(Invitation.to(invitation.room));
await stranger.until(() => stranger.session!.state === 'stranger', 'the stranger is told');

for (const person of [ada, bob, carol, dora, stranger]) person.session?.close();
console.log('done');
