import { ExternalE2EEKeyProvider, Room, RoomEvent } from 'livekit-client';
import { getToken } from 'nostr-tools/nip98';
import { finalizeEvent } from 'nostr-tools/pure';

/** Makes a room, or asks to join one, in the name of a Nostr key. */
export async function enter(api: string, key: Uint8Array, roomId?: string) {
  const path = roomId ? `/v1/rooms/${roomId}/join` : '/v1/rooms';
  const body = roomId ? {} : { name: 'A call' };
  const signed = await getToken(api + path, 'POST', (event) => finalizeEvent(event, key), true, body);
  const headers = { 'Content-Type': 'application/json', Authorization: signed };
  const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.detail);
  return result as { roomId: string; joinToken: string; sfuEndpoint: string };
}

/** Joins with camera and microphone. Only those who have the secret, 32 random bytes, see and hear anything; no server has it. */
export async function call(api: string, key: Uint8Array, secret: Uint8Array<ArrayBuffer>, roomId?: string) {
  const access = await enter(api, key, roomId);
  const keyProvider = new ExternalE2EEKeyProvider();
  const worker = new Worker(new URL('livekit-client/e2ee-worker', import.meta.url), { type: 'module' });
  const room = new Room({ adaptiveStream: true, dynacast: true, encryption: { keyProvider, worker } });
  room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
  await keyProvider.setKey(secret.buffer);
  await room.setE2EEEnabled(true);
  await room.connect(access.sfuEndpoint, access.joinToken);
  await room.localParticipant.enableCameraAndMicrophone();
  return { room, roomId: access.roomId };
}
