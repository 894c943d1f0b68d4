import { Conference, keySigner } from '@buildit/conference-client';
import { RoomEvent, type Room } from 'livekit-client';

/** Plays what members of the call send. Nothing else is ever opened. */
const play = (room: Room) => room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));

/** Encrypts and decrypts, away from the page. */
const worker = () => new Worker(new URL('@buildit/conference-client/worker', import.meta.url), { type: 'module' });

/**
 * Makes a call in the name of a Nostr key, or joins the one of an invitation, with camera and microphone. In place of a raw key
 * works what a browser extension offers as window.nostr. Invite with `conference.invitation`, in a link after #.
 */
export async function call(api: string, key: Uint8Array, invitation?: string) {
  const signer = keySigner(key);
  const options = { worker, name: 'Ada', prepare: play };
  const conference = invitation ? await Conference.join(api, signer, invitation, options) : await Conference.create(api, signer, options);
  conference.on('changed', () => console.log(conference.epoch, conference.safetyNumber, conference.roster));
  await conference.room.localParticipant.enableCameraAndMicrophone();
  return conference;
}
