import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateSecretKey } from 'nostr-tools/pure';
import { unwrap, wrap } from '../../src/mail/gift-wrap.js';
import { Invitation } from '../../src/mail/invitation.js';
import { LetterReader, toRumors, type Letter } from '../../src/mail/letter.js';
import { PostOffice, type Carrier } from '../../src/mail/post-office.js';
import { keySigner } from '../../src/mail/signer.js';
import type { SignedEvent } from '../../src/mls/signer.js';
import { nostrPublicKey, roomId, seconds, type NostrPublicKey } from '../../src/units.js';
import { pattern } from '../support/bytes.js';

const room = roomId('0123456789abcdef0123456789abcdef');
const now = seconds(1_700_000_000);
const [ada, bob, carol] = [keySigner(generateSecretKey()), keySigner(generateSecretKey()), keySigner(generateSecretKey())];
const keyOf = async (signer: typeof ada) => nostrPublicKey(await signer.getPublicKey());

test('a gift wrap is opened by its recipient alone, and names its author inside only', async () => {
  const wrapped = await wrap({ kind: 29_421, tags: [], content: 'hello' }, ada, await keyOf(ada), await keyOf(bob), now);
  assert.equal(wrapped.kind, 1059);
  assert.ok(!JSON.stringify(wrapped).includes(await ada.getPublicKey()));
  assert.ok(wrapped.created_at <= now && wrapped.created_at > now - 2 * 24 * 3600 - 1);
  assert.deepEqual(await unwrap(wrapped, bob), { kind: 29_421, tags: [], content: 'hello', from: await keyOf(ada) });
  assert.equal(await unwrap(wrapped, carol), undefined);
  assert.equal(await unwrap({ ...wrapped, content: wrapped.content.slice(0, -4) }, bob), undefined);
});

test('a gift wrap whose seal names another author is refused', async () => {
  assert.equal(await unwrap(await wrap({ kind: 1, tags: [], content: '' }, carol, await keyOf(ada), await keyOf(bob), now), bob), undefined);
});

test('an invitation is read from its link, and from nothing else', () => {
  const invitation = new Invitation(room, pattern(32), ['wss://relay.example.com']);
  const link = `https://call.example.com/#${invitation.toString()}`;
  const read = Invitation.parse(link);
  assert.equal(read.toString(), invitation.toString());
  assert.equal(read.room, room);
  assert.deepEqual(read.relays, ['wss://relay.example.com']);
  for (const broken of ['', 'room=abc', link.slice(0, -60), link.replace('secret', 'sacred'), `#room=${room}&secret=AAAA`]) assert.throws(() => Invitation.parse(broken), RangeError);
});

test('what an invitation closes is opened by the same invitation, purpose and context alone', async () => {
  const invitation = Invitation.to(room);
  const sealed = await invitation.seal('letter', 'from to', pattern(100));
  assert.deepEqual(await invitation.open('letter', 'from to', sealed), pattern(100));
  assert.equal(await invitation.open('letter', 'to from', sealed), undefined);
  assert.equal(await invitation.open('group info', 'from to', sealed), undefined);
  assert.equal(await Invitation.to(room).open('letter', 'from to', sealed), undefined);
  assert.equal(await Invitation.parse(invitation.toString()).open('letter', 'from to', new Uint8Array(3)), undefined);
});

test('a letter of any length comes in parts, in any order, and once', async () => {
  const from = await keyOf(ada);
  for (const length of [0, 1, 24_750, 24_751, 400_000]) {
    const letter: Letter = { kind: 'welcome', incarnation: 'one', body: pattern(length) };
    const reader = new LetterReader();
    const read = toRumors(letter).reverse().map((rumor) => reader.read({ ...rumor, from }));
    assert.deepEqual(read.pop(), { ...letter, from });
    assert.ok(read.every((part) => part === undefined));
  }
  assert.throws(() => toRumors({ kind: 'welcome', incarnation: 'one', body: new Uint8Array(700_000) }), RangeError);
});

test('no rumor makes the reader of letters fail, and unfinished letters are bounded', async () => {
  const from = await keyOf(ada);
  const reader = new LetterReader();
  const [first] = toRumors({ kind: 'welcome', incarnation: 'one', body: pattern(50_000) });
  const broken = [{ kind: 1 }, { tags: [] }, { tags: [['log', 'one'], ['part', 'a', '5', '2']] }, { tags: [['log', 'one'], ['part', 'a', '0', '1000']] }, { content: '%' }];
  for (const part of broken) assert.equal(reader.read({ ...first!, ...part, from }), undefined);
  for (let index = 0; index < 100; index++) reader.read({ ...toRumors({ kind: 'welcome', incarnation: 'one', body: pattern(50_000) })[0]!, from });
  const late = toRumors({ kind: 'welcome', incarnation: 'one', body: pattern(50_000) });
  assert.equal(reader.read({ ...late[0]!, from }), undefined);
  assert.ok(late.slice(1).map((part) => reader.read({ ...part, from })).at(-1));
});

/** A way that keeps what it is given for whoever listens. */
class Box implements Carrier {
  receive: ((event: SignedEvent) => void) | undefined;
  readonly sent: SignedEvent[] = [];
  broken = false;

  send(events: readonly SignedEvent[]): Promise<void> {
    if (this.broken) return Promise.reject(new Error('away'));
    this.sent.push(...events);
    return Promise.resolve();
  }

  start(receive: (event: SignedEvent) => void): Promise<void> {
    this.receive = receive;
    return Promise.resolve();
  }

  close(): void {
    this.receive = undefined;
  }
}

test('a letter that comes by two ways is read once, and one way is enough', async () => {
  const invitation = Invitation.to(room);
  const [one, two] = [new Box(), new Box()];
  const office = new PostOffice(ada, await keyOf(ada), invitation, [one, two], () => now);
  const letter = { kind: 'keyPackage' as const, incarnation: 'one', body: pattern(300) };
  one.broken = true;
  await office.send([{ to: await keyOf(bob), letter }]);
  two.broken = true;
  await assert.rejects(office.send([{ to: await keyOf(bob), letter }]), /away/);

  const boxes = [new Box(), new Box()];
  const received: (Letter & { from: NostrPublicKey })[] = [];
  await new Promise<void>((resolve) => {
    void new PostOffice(bob, '' as NostrPublicKey, invitation, boxes, () => now).start(() => assert.fail('it is for another recipient'));
    void keyOf(bob).then(async (own) => {
      const reader = new PostOffice(bob, own, invitation, boxes, () => now);
      await reader.start((read) => {
        received.push(read);
        resolve();
      });
      for (const box of boxes) box.receive!(two.sent[0]!);
    });
  });
  assert.deepEqual(received, [{ ...letter, from: await keyOf(ada) }]);
});

test('a signer is not asked who it is for every letter', async () => {
  let asked = 0;
  const signer = { ...ada, getPublicKey: () => Promise.resolve(`${asked++}`) };
  const box = { send: () => Promise.resolve(), start: () => Promise.resolve(), close: () => undefined };
  const office = new PostOffice(signer, await keyOf(ada), Invitation.to(room), [box], () => now);
  await office.send([{ to: await keyOf(bob), letter: { kind: 'keyPackage', incarnation: 'one', body: pattern(99_000) } }]);
  assert.equal(asked, 0);
});

test('who has not the invitation sends nothing that is read', async () => {
  const box = new Box();
  await new PostOffice(carol, await keyOf(carol), Invitation.to(room), [box], () => now).send([{ to: await keyOf(bob), letter: { kind: 'keyPackage', incarnation: 'one', body: pattern(9) } }]);
  const [event] = box.sent;
  const rumor = await unwrap(event!, bob);
  assert.ok(rumor);
  const sealed = new LetterReader().read(rumor)!;
  assert.equal(await Invitation.to(room).open('keyPackage', `${await keyOf(carol)} ${await keyOf(bob)} one`, sealed.body), undefined);
});
