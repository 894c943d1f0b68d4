// Node.js 18, which Debian 12 and Ubuntu 24.04 have, has the WebCrypto of browsers but not under its global name.
globalThis.crypto ??= require('node:crypto').webcrypto;
