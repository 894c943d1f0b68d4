// The page of the demo. The address after # holds the room and the secret in hex, which browsers never send to a server:
//   #room=ID&secret=HEX      ?name=Ada&auto=1&small=1 joins by itself with a small picture
import { ConnectionState, ExternalE2EEKeyProvider, Room, RoomEvent, VideoPresets, type Participant } from 'livekit-client';
import { npubEncode } from 'nostr-tools/nip19';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import { enter } from '../quick-start';
import { Tiles } from './tiles';

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const wishes = new URLSearchParams(location.search);
const invitation = new URLSearchParams(location.hash.slice(1));
const key = generateSecretKey();
const names = new Map<string, string>();

function show(state: ConnectionState) {
  const pill = element('state');
  const looks: Record<string, [string, string]> = {
    [ConnectionState.Connected]: ['good', 'Connected'],
    [ConnectionState.Connecting]: ['wait', 'Connecting'],
    [ConnectionState.Reconnecting]: ['wait', 'Reconnecting'],
    [ConnectionState.SignalReconnecting]: ['wait', 'Reconnecting'],
    [ConnectionState.Disconnected]: ['bad', 'Disconnected'],
  };
  const [look, text] = looks[state];
  pill.className = `pill ${look}`;
  pill.textContent = text;
}

let hiding = 0;
function note(text: string, more = '', seconds = 0) {
  const box = element('note');
  box.replaceChildren(text, Object.assign(document.createElement('small'), { textContent: more }));
  box.hidden = false;
  clearTimeout(hiding);
  if (seconds > 0) hiding = window.setTimeout(() => (box.hidden = true), seconds * 1000);
}

/** Says that the connection was lost, and how long it took until somebody was seen again. */
function tellOutages(room: Room, tiles: Tiles) {
  let since = 0;
  room.on(RoomEvent.ConnectionStateChanged, (state) => {
    show(state);
    const lost = state === ConnectionState.Reconnecting || state === ConnectionState.SignalReconnecting;
    tiles.setLost(lost);
    if (lost && since === 0) {
      since = performance.now();
      note('The connection was lost', 'Looking for the server that has the room now. Nothing has to be done.');
    } else if (state === ConnectionState.Connected && since > 0) {
      note('Back again', `after ${((performance.now() - since) / 1000).toFixed(1)} s`, 6);
      since = 0;
    } else if (state === ConnectionState.Disconnected) {
      note('The call is over for you', 'Reload the page to join again.');
    }
  });
}

/** Names travel as encrypted data, so that no server learns them. */
function exchangeNames(room: Room, tiles: Tiles, own: string) {
  const heard = new Set<string>();
  const tell = () => room.localParticipant.publishData(new TextEncoder().encode(own), { reliable: true, topic: 'name' }).catch(() => {});
  room.on(RoomEvent.DataReceived, (data, from, _kind, topic) => {
    if (topic !== 'name' || !from) return;
    names.set(from.identity, new TextDecoder().decode(data).slice(0, 40));
    tiles.refresh();
    // Whoever tells a name for the first time has just come, and can hear ours by now.
    if (!heard.has(from.sid)) void tell();
    heard.add(from.sid);
  });
  room.on(RoomEvent.Reconnected, tell);
  void tell();
}

function nameOf(room: Room, participant: Participant) {
  const name = names.get(participant.identity) ?? `Guest ${participant.identity.slice(0, 4)}`;
  return participant === room.localParticipant ? `${name} (you)` : name;
}

async function join(own: string) {
  const access = await enter(location.origin, key, invitation.get('room') ?? undefined);
  const secret = invitation.get('secret') ?? bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
  history.replaceState(null, '', `${location.pathname}${location.search}#${new URLSearchParams({ room: access.roomId, secret })}`);

  const keyProvider = new ExternalE2EEKeyProvider();
  await keyProvider.setKey(hexToBytes(secret).slice().buffer);
  const small = wishes.has('small');
  const room = new Room({
    adaptiveStream: true,
    dynacast: true,
    // The room is elsewhere within a second or two when its server dies; LiveKit's own delays grow to several seconds by then.
    reconnectPolicy: { nextRetryDelayInMs: ({ elapsedMs }) => (elapsedMs < 60_000 ? (100 + elapsedMs / 10) * (0.5 + Math.random()) : null) },
    encryption: { keyProvider, worker: new Worker('/livekit-client/e2ee-worker', { type: 'module' }) },
    videoCaptureDefaults: { resolution: small ? { width: 320, height: 180, frameRate: 15 } : VideoPresets.h540.resolution },
    publishDefaults: { simulcast: !small, videoCodec: 'vp8', backupCodec: false },
  });
  const tiles = new Tiles(element('tiles'), room, (participant) => nameOf(room, participant), (count) => {
    element('people').textContent = count === 1 ? 'Nobody else yet' : `${count} people`;
  });
  tellOutages(room, tiles);
  await room.setE2EEEnabled(true);
  await room.connect(access.sfuEndpoint, access.joinToken);
  Object.assign(window, { room });
  names.set(room.localParticipant.identity, own);
  element('lobby').hidden = true;
  element('call').hidden = false;
  element('room').textContent = `Room ${access.roomId.slice(0, 8)}`;
  show(room.state);
  tiles.refresh();
  exchangeNames(room, tiles, own);
  wireButtons(room);
  await room.localParticipant.enableCameraAndMicrophone().catch((problem: Error) => note('You can watch and listen', `No camera or microphone: ${problem.message}`, 8));
  tiles.refresh();
}

function wireButtons(room: Room) {
  const toggle = (id: string, on: string, off: string, isOn: () => boolean, set: (value: boolean) => Promise<unknown>) => {
    const button = element<HTMLButtonElement>(id);
    const label = () => {
      button.textContent = isOn() ? on : off;
      button.classList.toggle('off', !isOn());
    };
    button.onclick = () => void set(!isOn()).catch((problem: Error) => note('That did not work', problem.message, 6)).finally(label);
    room.on(RoomEvent.LocalTrackPublished, label);
  };
  const me = room.localParticipant;
  toggle('microphone', 'Mute', 'Unmute', () => me.isMicrophoneEnabled, (value) => me.setMicrophoneEnabled(value));
  toggle('camera', 'Camera off', 'Camera on', () => me.isCameraEnabled, (value) => me.setCameraEnabled(value));
  element('invite').onclick = () => void navigator.clipboard.writeText(`${location.origin}/${location.hash}`).then(() => note('Invitation copied', 'Open it in another window, or send it to somebody on this machine.', 4));
  element('leave').onclick = () => void room.disconnect();
}

const form = element<HTMLFormElement>('lobby');
const go = element<HTMLButtonElement>('go');
element('npub').textContent = `${npubEncode(getPublicKey(key)).slice(0, 16)}…`;
if (invitation.has('room')) {
  element('title').textContent = 'Join the call';
  go.textContent = 'Join the call';
}
element<HTMLInputElement>('name').value = wishes.get('name') ?? '';
form.onsubmit = (event) => {
  event.preventDefault();
  go.disabled = true;
  element('error').hidden = true;
  void join(element<HTMLInputElement>('name').value.trim() || 'Somebody').catch((problem: Error) => {
    go.disabled = false;
    element('error').textContent = problem.message;
    element('error').hidden = false;
  });
};
if (wishes.has('auto')) form.requestSubmit();
