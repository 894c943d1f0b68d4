import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pattern } from '../support/bytes.js';
import { FakeTrack, FakeWorker, mediaFrame, twoPages, until } from './fake-worker.js';

const picture = pattern(200, 5);
const sound = pattern(60, 6);

test('what one page seals another opens, and nothing else comes through', async () => {
  const { ada, bob } = await twoPages();
  const camera = ada.publish('c', 'camera');
  const microphone = ada.publish('m', 'microphone');
  const seen = bob.subscribe('ada', 'c', 'camera');
  const heard = bob.subscribe('ada', 'm', 'microphone');
  await camera.put(mediaFrame(picture, 'key'));
  await camera.put(mediaFrame(picture, 'delta'));
  await microphone.put(mediaFrame(sound));
  await until(() => camera.passed.length === 2 && microphone.passed.length === 1);
  assert.equal(Buffer.from(camera.passed[0]!.data).indexOf(picture.subarray(10, 40)), -1);

  for (const frame of [...camera.passed]) await seen.put(frame);
  await heard.put(microphone.passed[0]!);
  await heard.put(mediaFrame(sound));
  await until(() => seen.passed.length === 2 && heard.passed.length === 1 && (bob.traffic('ada', 'received')?.dropped.version ?? 0) === 1);
  assert.deepEqual(new Uint8Array(seen.passed[0]!.data), picture);
  assert.deepEqual(new Uint8Array(heard.passed[0]!.data), sound);
  assert.deepEqual(bob.traffic('ada', 'received'), { participant: 'ada', direction: 'received', content: 'media', passed: 3, dropped: { version: 1 } });
  assert.deepEqual(ada.traffic('ada', 'sent'), { participant: 'ada', direction: 'sent', content: 'media', passed: 3, dropped: {} });
});

test('before there is a key, and before it is to be used, nothing leaves', async () => {
  const page = new FakeWorker('ada');
  const camera = page.publish('c', 'camera');
  await camera.put(mediaFrame(picture, 'key'));
  await until(() => page.traffic('ada', 'sent')?.dropped.noKey === 1);
  await page.begin(1, 'ada', 'bob');
  await camera.put(mediaFrame(picture, 'key'));
  await until(() => page.traffic('ada', 'sent')?.dropped.noKey === 2);
  assert.equal(camera.passed.length, 0);
  page.sendWith(1);
  await camera.put(mediaFrame(picture, 'key'));
  await until(() => camera.passed.length === 1);
  page.ask((id) => ({ kind: 'retire', id, epoch: 1 as never }));
  await camera.put(mediaFrame(picture, 'key'));
  await until(() => page.traffic('ada', 'sent')?.dropped.noKey === 3);
  assert.equal(camera.passed.length, 1);
});

test('a track whose source the page has not said waits for it and loses nothing', async () => {
  const { ada, bob } = await twoPages();
  const camera = ada.publish('c', undefined);
  const seen = bob.subscribe('ada', 'c', undefined);
  void camera.put(mediaFrame(picture, 'key'));
  void camera.put(mediaFrame(picture, 'delta'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(camera.passed.length, 0);
  ada.tell('sent', 'ada', 'other', 'screen_share');
  ada.tell('sent', 'ada', 'c', 'camera');
  await until(() => camera.passed.length === 2);
  for (const frame of [...camera.passed]) void seen.put(frame);
  bob.tell('received', 'ada', 'c', 'camera');
  await until(() => seen.passed.length === 2);
});

test('the node cannot give a track another source or another sender', async () => {
  const { ada, bob } = await twoPages();
  const camera = ada.publish('c', 'camera');
  await camera.put(mediaFrame(picture, 'key'));
  await until(() => camera.passed.length === 1);
  const sealed = new Uint8Array(camera.passed[0]!.data.slice(0));
  for (const [participant, source] of [['ada', 'screen_share'], ['bob', 'camera'], ['nobody', 'camera']] as const) {
    const track = bob.subscribe(participant, `${participant} ${source}`, source);
    await track.put(mediaFrame(sealed, 'key'));
    await until(() => Object.values(bob.traffic(participant, 'received')?.dropped ?? {}).length > 0);
    assert.equal(track.passed.length, 0);
  }
  assert.equal(bob.traffic('nobody', 'received')?.dropped.noKey, 1);
  const right = bob.subscribe('ada', 'c', 'camera');
  await right.put(mediaFrame(sealed, 'key'));
  await until(() => right.passed.length === 1);
});

test('codecs come from the frame, from the session description, or from livekit-client, and only those of version 1 leave', async () => {
  const { ada } = await twoPages();
  ada.core.handle({ kind: 'setRTPMap', data: { map: new Map([[96, 'vp8'], [98, 'vp9'], [45, 'av1'], [102, 'h264']]) } });
  const cases: [string, ReturnType<typeof mediaFrame>, string | undefined, boolean][] = [
    ['by type', mediaFrame(picture, 'key', { mimeType: 'video/VP9' }), undefined, true],
    ['by type, AV1', mediaFrame(picture, 'key', { mimeType: 'video/AV1' }), 'vp8', false],
    ['by number', mediaFrame(picture, 'delta', { payloadType: 98 }), undefined, true],
    ['by number, AV1', mediaFrame(picture, 'key', { payloadType: 45 }), 'vp8', false],
    ['by number, H.264', mediaFrame(picture, 'key', { payloadType: 102 }), undefined, false],
    ['by hint', mediaFrame(picture, 'key', {}), 'vp8', true],
    ['unknown video', mediaFrame(picture, 'key', {}), undefined, false],
    ['sound', mediaFrame(sound), undefined, true],
    ['sound by type', mediaFrame(sound, undefined, { mimeType: 'audio/opus' }), undefined, true],
    ['redundant sound', mediaFrame(sound, undefined, { mimeType: 'audio/red' }), undefined, false],
  ];
  for (const [name, frame, hint, leaves] of cases) {
    const track = ada.publish(name, 'camera', hint);
    await track.put(frame);
    await track.end();
    await until(() => track.passed.length > 0 === leaves);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(track.passed.length > 0, leaves, name);
  }
  const complaint = ada.answers.find((answer) => answer.kind === 'error' && answer.data.error.message.includes('av1'));
  assert.ok(complaint?.kind === 'error' && complaint.data.error.message.includes('Opus, VP8 and VP9'));
});

test('a broken track complains once, not thirty times a second', async () => {
  const { bob } = await twoPages();
  const track = bob.subscribe('ada', 'c', 'camera');
  for (let count = 0; count < 50; count++) await track.put(mediaFrame(picture, 'delta'));
  await until(() => (bob.traffic('ada', 'received')?.dropped.version ?? 0) === 50);
  assert.equal(bob.answers.filter((answer) => answer.kind === 'error').length, 1);
});

test('a receiver that is used again carries the new track under its own name', async () => {
  const { ada, bob } = await twoPages();
  await bob.begin(2, 'ada', 'bob', 'eve');
  await ada.begin(2, 'ada', 'bob', 'eve');
  ada.sendWith(2);
  const camera = ada.publish('c', 'camera');
  const receiver = bob.subscribe('eve', 'old', 'camera');
  bob.core.handle({ kind: 'removeTransform', data: { participantIdentity: 'eve', trackId: 'old' } });
  await camera.put(mediaFrame(picture, 'key'));
  await camera.put(mediaFrame(picture, 'delta'));
  await until(() => camera.passed.length === 2);

  await receiver.put(camera.passed[0]!);
  bob.core.handle({ kind: 'updateCodec', data: { participantIdentity: 'ada', trackId: 'c', previousTrackId: 'old' } });
  bob.tell('received', 'ada', 'c', 'camera');
  await receiver.put(camera.passed[1]!);
  await until(() => receiver.passed.length === 1);
  assert.equal(bob.traffic('eve', 'received')?.passed ?? 0, 0);
});

test('a page does not seal for anybody else', async () => {
  const page = new FakeWorker('ada');
  await page.begin(1, 'ada', 'bob');
  page.sendWith(1);
  const track = new FakeTrack();
  page.core.handle({ kind: 'encode', data: { participantIdentity: 'bob', trackId: 'c', readableStream: track.streams.readable, writableStream: track.streams.writable } });
  void track.put(mediaFrame(picture, 'key'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(track.passed.length, 0);
  assert.equal(page.answers.at(-1)?.kind, 'error');
});

test('a new epoch begins with a key frame, however the browser makes one', async () => {
  const { ada } = await twoPages();
  const called: string[] = [];
  const scripted = new FakeTrack();
  ada.core.transform(scripted.transformer({ kind: 'encode', participantIdentity: 'ada', trackId: 's' }, called));
  ada.tell('sent', 'ada', 's', 'camera');
  const encoded = ada.publish('e', 'screen_share');
  const microphone = ada.publish('m', 'microphone');
  await scripted.put(mediaFrame(picture, 'key'));
  await encoded.put(mediaFrame(picture, 'key'));
  await microphone.put(mediaFrame(sound));
  await until(() => scripted.passed.length + encoded.passed.length + microphone.passed.length === 3);
  await ada.begin(2, 'ada', 'bob');
  assert.deepEqual(called, []);
  ada.sendWith(2);
  assert.deepEqual(called, ['generateKeyFrame']);
  assert.deepEqual(ada.reports.filter((report) => report.kind === 'keyFrames'), [{ kind: 'keyFrames', trackIds: ['e'] }]);
  ada.sendWith(2);
  assert.deepEqual(called, ['generateKeyFrame']);
});

test('after frames that did not open a decoder asks for a key frame at once', async () => {
  const { ada, bob } = await twoPages();
  const called: string[] = [];
  const camera = ada.publish('c', 'camera');
  const seen = new FakeTrack();
  bob.core.transform(seen.transformer({ kind: 'decode', participantIdentity: 'ada', trackId: 'c' }, called));
  bob.tell('received', 'ada', 'c', 'camera');
  await ada.begin(2, 'ada', 'bob');
  ada.sendWith(2);
  for (let count = 0; count < 3; count++) await camera.put(mediaFrame(picture, 'delta'));
  await until(() => camera.passed.length === 3);
  await seen.put(camera.passed[0]!);
  await until(() => bob.traffic('ada', 'received')?.dropped.unknownEpoch === 1);
  await bob.begin(2, 'ada', 'bob');
  await seen.put(camera.passed[1]!);
  await seen.put(camera.passed[2]!);
  await until(() => seen.passed.length === 2);
  assert.deepEqual(called, ['sendKeyFrameRequest']);
});

test('old keys are erased 10 s after the next epoch began, although no frame comes', async () => {
  const { ada, bob } = await twoPages();
  const camera = ada.publish('c', 'camera');
  for (let count = 0; count < 2; count++) await camera.put(mediaFrame(picture, 'delta'));
  await until(() => camera.passed.length === 2);
  await bob.begin(2, 'ada', 'bob');
  const seen = bob.subscribe('ada', 'c', 'camera');
  bob.pass(9_999);
  await seen.put(camera.passed[0]!);
  await until(() => seen.passed.length === 1);
  bob.pass(1);
  await seen.put(camera.passed[1]!);
  await until(() => bob.traffic('ada', 'received')?.dropped.unknownEpoch === 1);
});

test('a group that starts anew uses no count again, in the same call and with the same tracks', async () => {
  const { ada } = await twoPages();
  const camera = ada.publish('c', 'camera');
  await camera.put(mediaFrame(picture, 'delta'));
  await until(() => camera.passed.length === 1);
  ada.clear();
  await camera.put(mediaFrame(picture, 'delta'));
  await until(() => ada.traffic('ada', 'sent')?.dropped.noKey === 1);
  await ada.begin(1, 'ada', 'bob');
  ada.sendWith(1);
  await camera.put(mediaFrame(picture, 'delta'));
  await until(() => camera.passed.length === 2);
  const [before, after] = camera.passed.map((frame) => Buffer.from(frame.data).subarray(5, 9).toString('hex'));
  assert.notEqual(before, after, 'the same salt came again');
});

test('requests that cannot be fulfilled are refused with a reason', async () => {
  const { ada } = await twoPages();
  assert.throws(() => ada.sendWith(9), /has not begun/);
  await assert.rejects(ada.begin(1, 'ada'), /only go forward/);
});
