// A call as an application makes it. The invitation stands in the address after #, which browsers never send to a server.
//   ?name=Ada&auto=1&small=1&quiet=1 joins by itself, with a small picture, without camera and microphone
//   ?region=eu-west-1 connects through that region instead of the nearest
import { Conference, type ConferenceSigner, Invitation, keySigner, type Member, type Progress } from '@buildit/conference-client';
import { RoomEvent, VideoPresets, type Participant } from 'livekit-client';
import { npubEncode } from 'nostr-tools/nip19';
import { generateSecretKey } from 'nostr-tools/pure';
import { bytesToHex, hexToBytes } from 'nostr-tools/utils';
import { startChat } from './chat';
import { wireControls } from './controls';
import { element } from './dom';
import { People } from './people';
import { Places } from './places';
import { Tiles } from './tiles';

const wishes = new URLSearchParams(location.search);
const extension = (window as { nostr?: ConferenceSigner }).nostr;

/** A key for this tab, so that a reload is the same person. A real application keeps none: it asks a signer. */
function tabSigner(): ConferenceSigner {
  const kept = sessionStorage.getItem('key') ?? bytesToHex(generateSecretKey());
  sessionStorage.setItem('key', kept);
  return keySigner(hexToBytes(kept));
}

let hiding = 0;
function note(text: string, seconds = 8) {
  element('note').textContent = text;
  element('note').hidden = text === '';
  clearTimeout(hiding);
  if (seconds > 0) hiding = window.setTimeout(() => (element('note').hidden = true), seconds * 1000);
}
const failed = (problem: Error) => note(`That did not work: ${problem.message}`);

const steps: Record<Progress['kind'], string> = {
  admitting: 'Asking for a place in the call…',
  knocking: 'Somebody in the call has to let you in. This page waits.',
  connecting: 'Connecting…',
  connected: '',
};

async function join(name: string) {
  const began = performance.now();
  const signer = extension && element<HTMLInputElement>('extension').checked ? extension : tabSigner();
  const small = wishes.has('small');
  const region = wishes.get('region');
  const options = {
    name,
    ...(region ? { region } : {}),
    worker: () => new Worker('/@buildit/conference-client/worker', { type: 'module' }),
    progress: ({ kind }: Progress) => (element('progress').textContent = steps[kind]),
    room: {
      videoCaptureDefaults: { resolution: small ? { width: 320, height: 180, frameRate: 15 } : VideoPresets.h540.resolution },
      publishDefaults: { simulcast: !small },
    },
  };
  const requireApproval = element<HTMLInputElement>('door').checked;
  const conference = location.hash.length > 1
    ? await Conference.join(location.origin, signer, Invitation.parse(location.hash), options)
    : await Conference.create(location.origin, signer, { ...options, request: { name: 'A call', settings: { requireApproval }, ...(region ? { regions: [region] } : {}) } });
  history.replaceState(null, '', `${location.pathname}${location.search}#${conference.invitation.toString()}`);
  show(conference, began);
  if (wishes.has('quiet')) return;
  await conference.room.localParticipant.enableCameraAndMicrophone().catch((problem: Error) => note(`You can watch and listen, without camera or microphone: ${problem.message}`));
}

function show(conference: Conference, began: number) {
  const { room } = conference;
  Object.assign(window, { conference, room, began });
  const memberName = (member: Member) => `${member.name || `Guest ${member.participantId.slice(0, 4)}`}${member.own ? ' (you)' : ''}`;
  const nameOf = (participant: Participant) => {
    const member = conference.roster.find(({ participantId }) => participantId === participant.identity);
    return member ? memberName(member) : `Participant ${participant.identity.slice(0, 6)}`;
  };
  const places = new Places(conference, () => refresh());
  const tiles = new Tiles(element('tiles'), conference, nameOf, places);
  const people = new People(conference, memberName, places, failed);
  element('lobby').hidden = true;
  element('call').hidden = false;
  element('room').textContent = `Call ${conference.invitation.room.slice(0, 8)}`;

  const refresh = () => {
    tiles.refresh();
    people.refresh();
    const [look, text] = conference.state === 'member' ? ['good', `${room.remoteParticipants.size + 1} in the call`] : ['wait', 'Not in yet'];
    element('state').className = `pill ${look}`;
    element('state').textContent = text;
    const { own } = places;
    element('served').textContent = own ? `Forwarded by ${own.node}${own.region ? ` in ${own.region}` : ''}, which cannot open it. Keys of epoch ${conference.epoch ?? '-'}.` : '';
  };
  const events = [
    RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected, RoomEvent.TrackSubscribed, RoomEvent.TrackUnsubscribed, RoomEvent.TrackMuted,
    RoomEvent.TrackUnmuted, RoomEvent.LocalTrackPublished, RoomEvent.LocalTrackUnpublished, RoomEvent.ActiveSpeakersChanged, RoomEvent.Reconnected,
    RoomEvent.ConnectionQualityChanged, RoomEvent.TrackUnpublished, RoomEvent.ConnectionStateChanged,
  ] as const;
  for (const event of events) room.on(event, refresh);
  conference.on('changed', refresh);
  conference.on('notice', (notice) => note(notice?.text ?? '', 0));
  conference.on('ended', (error) => {
    element('call').hidden = true;
    element('lobby').hidden = false;
    tell(error);
  });
  startChat(conference, nameOf, () => {
    if (element('chat').hidden) element('chat-button').textContent = 'Chat (new)';
  }, failed);
  wireControls(conference, note, failed);
  element('chat-button').addEventListener('click', () => (element('chat-button').textContent = 'Chat'));
  note(conference.notice?.text ?? '', 0);
  refresh();
}

const form = element<HTMLFormElement>('lobby');
const go = element<HTMLButtonElement>('go');

function tell(problem: Error) {
  go.disabled = false;
  element('progress').textContent = '';
  element('error').textContent = problem.message;
  element('error').hidden = false;
}

void tabSigner().getPublicKey().then((publicKey) => (element('npub').textContent = `${npubEncode(publicKey).slice(0, 16)}…`));
element('extension-choice').hidden = !extension?.nip44;
if (location.hash.length > 1) {
  element('title').textContent = 'Join the call';
  go.textContent = 'Join the call';
  element('door-choice').hidden = true;
}
element<HTMLInputElement>('name').value = wishes.get('name') ?? '';
form.onsubmit = (event) => {
  event.preventDefault();
  go.disabled = true;
  element('error').hidden = true;
  void join(element<HTMLInputElement>('name').value.trim() || 'Somebody').catch(tell);
};
if (wishes.has('auto')) form.requestSubmit();
