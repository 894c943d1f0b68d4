// Prints NIP-98 headers made by nostr-tools, as JSON. Argument 1: the folder with its node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(join(process.argv[2], 'package.json')));
const { finalizeEvent, generateSecretKey, getPublicKey } = require('nostr-tools/pure');
const { getToken } = require('nostr-tools/nip98');

const key = generateSecretKey();
const sign = (event) => finalizeEvent(event, key);
const url = 'https://api.example.com/v1/rooms?limit=5&continue=a%2Bb';
const payload = { name: 'Übung 🎥 "quoted" \\ back\nslash', settings: { requireApproval: true } };

// Every character that NIP-01 escapes, and some that other JSON writers escape although it does not. Control characters are
// left out: nostr-tools escapes them and NIP-01 does not.
const odd = sign({
  kind: 27235,
  created_at: Math.floor(Date.now() / 1000),
  content: '',
  tags: [['u', url], ['method', 'GET'], ['odd', '\n"\\\r\t\b\f\u007f\u2028é漢🎥/<>&\'+']],
});

console.log(JSON.stringify({
  publicKey: getPublicKey(key),
  url,
  body: JSON.stringify(payload),
  get: await getToken(url, 'GET', sign, true),
  post: await getToken(url, 'POST', sign, true, payload),
  odd: 'Nostr ' + Buffer.from(JSON.stringify(odd)).toString('base64'),
}));
