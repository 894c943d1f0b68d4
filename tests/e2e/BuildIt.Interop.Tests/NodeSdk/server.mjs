// The server API through livekit-server-sdk, and a webhook receiver that believes only what its WebhookReceiver verified.
import { createServer } from 'node:http';
import { requireSdk, serve } from './calls.mjs';

const { RoomServiceClient, WebhookReceiver } = requireSdk('livekit-server-sdk');

const key = process.env.INTEROP_API_KEY;
const secret = process.env.INTEROP_API_SECRET;
const receiver = new WebhookReceiver(key, secret);
const webhooks = [];
const refused = [];
let client;
let failuresLeft = 0;

const hooks = createServer((request, response) => {
  const body = [];
  request.on('data', (chunk) => body.push(chunk));
  request.on('end', async () => {
    if (failuresLeft > 0) {
      failuresLeft -= 1;
      return response.writeHead(503).end();
    }
    try {
      const event = await receiver.receive(Buffer.concat(body).toString('utf8'), request.headers.authorization);
      webhooks.push(JSON.parse(JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? value.toString() : value))));
    } catch (error) {
      refused.push(String(error));
    }
    response.writeHead(200).end();
  });
});

serve({
  listen: () => new Promise((resolve) => hooks.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${hooks.address().port}/`))),
  connect(url) {
    client = new RoomServiceClient(url, key, secret);
  },
  call: (method, ...args) => client[method](...args),
  sendData: (room, text, kind, options) => client.sendData(room, new TextEncoder().encode(text), kind, options),
  // Not wrapped by the SDK yet, so its own transport and token carry the call.
  async twirp(method, request, grant) {
    return client.rpc.request('RoomService', method, request, await client.authHeader(grant));
  },
  webhooks: () => ({ events: webhooks, refused }),
  failWebhooks(count) {
    failuresLeft = count;
  },
});
