import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FrameCounter, SaltPool } from '../../src/frames/counter.js';
import { additionalData, splitParts } from '../../src/frames/format.js';
import { importFrameKey, KeyRing } from '../../src/frames/keyring.js';
import { FrameOpener } from '../../src/frames/opener.js';
import { FrameSealer } from '../../src/frames/sealer.js';
import { epochNumber } from '../../src/units.js';
import { fromHex, toHex } from '../support/bytes.js';
import { packageFile } from '../support/package-file.js';
import { ada, at, dataOf } from './call.js';
import { referenceVectors, type FrameVector } from './reference.js';

const vectors = JSON.parse(readFileSync(packageFile('vectors/frame-v1.json'), 'utf8')) as FrameVector[];

test('the vectors are those that the format gives', () => {
  assert.deepEqual(vectors, referenceVectors());
});

/** A counter that has handed out as many headers as the vector says. */
class StartedCounter extends FrameCounter {
  readonly #header: Uint8Array<ArrayBuffer>;

  constructor(vector: FrameVector) {
    super(0);
    this.#header = fromHex(vector.header);
  }

  override next() {
    return this.#header;
  }
}

for (const vector of vectors) {
  test(`${vector.name}: sealed as the vector says, and opened again`, async () => {
    const ring = new KeyRing(ada);
    ring.begin(epochNumber(vector.epoch), new Map([[ada, await importFrameKey(fromHex(vector.key))]]), at(0));
    ring.sendWith(epochNumber(vector.epoch));
    const frame = { data: fromHex(vector.frame), codec: vector.codec, keyFrame: vector.keyFrame };

    const sealer = new FrameSealer(ring, vector.source, new SaltPool(), undefined, new StartedCounter(vector));
    assert.equal(toHex(dataOf(await sealer.seal(frame, at(0)))), vector.sealed);
    assert.equal(toHex(dataOf(await new FrameOpener(ring, ada, vector.source).open(fromHex(vector.sealed), at(0)))), vector.frame);

    const parts = splitParts(fromHex(vector.sealed));
    assert.ok(typeof parts !== 'string');
    assert.deepEqual(parts.header, { epoch: vector.epoch, salt: Number.parseInt(vector.salt, 16), count: vector.count });
    assert.equal(toHex(additionalData(parts.iv, vector.source, parts.clear)), vector.additionalData);
  });
}

test('a counter writes the header of the vector', () => {
  for (const vector of vectors.filter((candidate) => candidate.count < 1000)) {
    const counter = new FrameCounter(Number.parseInt(vector.salt, 16));
    for (let passed = 0; passed < vector.count; passed++) counter.next(epochNumber(vector.epoch));
    assert.equal(toHex(counter.next(epochNumber(vector.epoch))!), vector.header);
  }
});
