import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mlsExporter } from 'ts-mls';
import { deriveFrameKey, frameKeyContext, safetyNumber } from '../../src/mls/frame-keys.js';
import { suite } from '../../src/mls/suite.js';
import { nostrPublicKey, type LeafIndex } from '../../src/units.js';
import { fromHex, pattern, toHex } from '../support/bytes.js';
import { packageFile } from '../support/package-file.js';

interface ExporterVector {
  readonly exporter_secret: string;
  readonly label: string;
  readonly context: string;
  readonly length: number;
  readonly secret: string;
}

// From the test vectors that the MLS working group publishes with RFC 9420 (mlswg/mls-implementations, key-schedule.json, suite 1).
const vectors = JSON.parse(readFileSync(packageFile('vectors/mls-exporter.json'), 'utf8')) as ExporterVector[];

test('the exporter gives what the vectors of RFC 9420 give', async () => {
  assert.ok(vectors.length > 0);
  for (const { exporter_secret, label, context, length, secret } of vectors) {
    const made = await mlsExporter(fromHex(exporter_secret), label, fromHex(context), length, await suite());
    assert.equal(toHex(made), secret.toLowerCase());
    assert.equal(exporterOf(exporter_secret, label, fromHex(context)), secret.toLowerCase());
  }
});

/** A vector with its length before it (RFC 9420 section 2.1.2), of up to 16383 bytes. */
function vector(data: Uint8Array): Buffer {
  const length = data.length < 64 ? [data.length] : [0x40 | (data.length >> 8), data.length & 0xff];
  return Buffer.concat([Buffer.from(length), data]);
}

/** RFC 9420 sections 8 and 8.5 for 32 bytes, by other means than the client's: HKDF-Expand of one block is one HMAC. */
function exporterOf(exporterSecret: string, label: string, context: Uint8Array): string {
  const expand = (secret: Uint8Array, name: string, data: Uint8Array) => {
    const info = Buffer.concat([Buffer.from([0, 32]), vector(Buffer.from(`MLS 1.0 ${name}`)), vector(data), Buffer.from([1])]);
    return createHmac('sha256', secret).update(info).digest();
  };
  return toHex(expand(expand(fromHex(exporterSecret), label, new Uint8Array()), 'exported', createHash('sha256').update(context).digest()));
}

test('a frame key is what the exporter gives for the leaf and the key of its sender', async () => {
  const publicKey = nostrPublicKey(toHex(pattern(32, 4)));
  const leaf = 0x01020304 as LeafIndex;
  assert.equal(toHex(frameKeyContext(leaf, publicKey)), `01020304${publicKey}`);
  const key = await deriveFrameKey(pattern(32), leaf, publicKey, await suite());
  assert.equal(toHex(key), exporterOf(toHex(pattern(32)), 'buildit-frame-encryption', fromHex(`01020304${publicKey}`)));
});

test('the safety number is what it was, so that versions of the client agree', () => {
  assert.equal(safetyNumber(pattern(32)), expectedNumber(pattern(32)));
});

function expectedNumber(authenticator: Uint8Array): string {
  const hash = createHash('sha512').update('buildit-safety-number').update(authenticator).digest();
  return Array.from({ length: 8 }, (_, index) => String(hash.readBigUInt64BE(index * 8) % 100_000n).padStart(5, '0')).join(' ');
}
