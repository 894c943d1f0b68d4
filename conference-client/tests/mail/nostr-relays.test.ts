import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { finalizeEvent, generateSecretKey, getPublicKey, type NostrEvent } from 'nostr-tools/pure';
import { wrap } from '../../src/mail/gift-wrap.js';
import { NostrRelays } from '../../src/mail/nostr-relays.js';
import { keySigner } from '../../src/mail/signer.js';
import type { SignedEvent } from '../../src/mls/signer.js';
import { nostrPublicKey, seconds } from '../../src/units.js';
import { Relay, webSocket } from '../support/relay.js';

const now = () => seconds(Math.floor(Date.now() / 1000));

async function relays(t: TestContext, count: number): Promise<Relay[]> {
  const started = await Promise.all(Array.from({ length: count }, () => Relay.start()));
  t.after(() => Promise.all(started.map((relay) => relay.stop().catch(() => undefined))));
  return started;
}

function somebody(t: TestContext, urls: readonly string[]) {
  const secretKey = generateSecretKey();
  const signer = keySigner(secretKey);
  const mail = new NostrRelays({ relays: urls, signer, webSocket });
  t.after(() => mail.close());
  return { secretKey, signer, mail, publicKey: nostrPublicKey(getPublicKey(secretKey)) };
}

const letterTo = (from: ReturnType<typeof somebody>, to: ReturnType<typeof somebody>) => wrap({ kind: 29_421, tags: [], content: 'hello' }, from.signer, from.publicKey, to.publicKey, now());
const list = (secretKey: Uint8Array, kind: number, tags: string[][]): NostrEvent => finalizeEvent({ kind, created_at: now(), tags, content: '' }, secretKey);

async function arrives(from: ReturnType<typeof somebody>, to: ReturnType<typeof somebody>): Promise<void> {
  const letter = await letterTo(from, to);
  let hear: (event: SignedEvent) => void = () => undefined;
  const received = new Promise<SignedEvent>((resolve) => (hear = resolve));
  await to.mail.start((event) => event.id === letter.id && hear(event));
  await from.mail.send([letter]);
  assert.equal((await received).id, letter.id);
}

test('a letter goes by the relays of the application, with one of three away', async (t) => {
  const three = await relays(t, 3);
  const urls = three.map(({ url }) => url);
  await three[0]!.stop();
  await arrives(somebody(t, urls), somebody(t, urls));
});

test('who has an inbox list is reached there', async (t) => {
  const [common, inbox, other] = (await relays(t, 3)) as [Relay, Relay, Relay];
  const [ada, bob] = [somebody(t, [common.url]), somebody(t, [common.url])];
  common.events.push(list(bob.secretKey, 10_002, [['r', other.url]]), list(bob.secretKey, 10_050, [['relay', inbox.url]]));
  await arrives(ada, bob);
  assert.equal(inbox.events.length, 1);
  assert.equal(other.events.length, 0);
  assert.ok(!common.events.some(({ kind }) => kind === 1059));
});

test('who has only a list of relays is reached where they read', async (t) => {
  const [common, read, written] = (await relays(t, 3)) as [Relay, Relay, Relay];
  const [ada, bob] = [somebody(t, [common.url]), somebody(t, [common.url])];
  common.events.push(list(bob.secretKey, 10_002, [['r', read.url, 'read'], ['r', written.url, 'write'], ['r', 'http://no-relay.example.com']]));
  await arrives(ada, bob);
  assert.equal(read.events.length, 1);
  assert.equal(written.events.length, 0);
});

test('what was stored before is not handed on, and a list of somebody else is not believed', async (t) => {
  const [common, trap] = (await relays(t, 2)) as [Relay, Relay];
  const [ada, bob, mallory] = [somebody(t, [common.url]), somebody(t, [common.url]), somebody(t, [])];
  common.events.push(await letterTo(ada, bob), { ...list(mallory.secretKey, 10_050, [['relay', trap.url]]), pubkey: bob.publicKey });
  await arrives(ada, bob);
  assert.equal(trap.events.length, 0);
});

test('when no relay is there, that is said', async (t) => {
  const [gone] = (await relays(t, 1)) as [Relay];
  const { url } = gone;
  await gone.stop();
  const [ada, bob] = [somebody(t, [url]), somebody(t, [url])];
  await assert.rejects(bob.mail.start(() => undefined), /None of the Nostr relays/);
  await assert.rejects(ada.mail.send([await letterTo(ada, bob)]), /No Nostr relay/);
});

test('a relay that comes back is listened to again', async (t) => {
  const [first, second] = (await relays(t, 2)) as [Relay, Relay];
  const [ada, bob] = [somebody(t, [first.url, second.url]), somebody(t, [first.url, second.url])];
  const { port } = first;
  const received: string[] = [];
  await bob.mail.start(({ id }) => received.push(id));
  await first.stop();
  await second.stop();
  const again = await Relay.start(port);
  t.after(() => again.stop());
  const until = Date.now() + 20_000;
  // It is tried every five seconds.
  while (received.length === 0) {
    assert.ok(Date.now() < until, 'nothing arrived');
    await ada.mail.send([await letterTo(ada, bob)]).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});
