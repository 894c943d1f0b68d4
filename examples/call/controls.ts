import type { Conference, PreferredQuality } from '@buildit/conference-client';
import { Room, RoomEvent } from 'livekit-client';
import { element, make } from './dom';

const kinds = ['audioinput', 'videoinput', 'audiooutput'] as const;

/** The buttons below the call, and the panels they open. */
export function wireControls(conference: Conference, note: (text: string) => void, failed: (problem: Error) => void) {
  const { room } = conference;
  const me = room.localParticipant;
  const labels: (() => void)[] = [];
  const toggle = (id: string, on: string, off: string, isOn: () => boolean, set: (value: boolean) => Promise<unknown>, offIsRed: boolean) => {
    const button = element<HTMLButtonElement>(id);
    labels.push(() => {
      button.textContent = isOn() ? on : off;
      button.classList.toggle('off', offIsRed && !isOn());
      button.setAttribute('aria-pressed', String(isOn()));
    });
    button.onclick = () => {
      button.disabled = true;
      void set(!isOn()).catch(failed).finally(() => {
        button.disabled = false;
        labels.forEach((label) => label());
      });
    };
  };
  toggle('microphone', 'Mute', 'Unmute', () => me.isMicrophoneEnabled, (value) => me.setMicrophoneEnabled(value), true);
  toggle('camera', 'Camera off', 'Camera on', () => me.isCameraEnabled, (value) => me.setCameraEnabled(value), true);
  toggle('screen', 'Stop sharing', 'Share screen', () => me.isScreenShareEnabled, (value) => me.setScreenShareEnabled(value, { audio: true }), false);
  const relabel = () => labels.forEach((label) => label());
  for (const event of [RoomEvent.LocalTrackPublished, RoomEvent.LocalTrackUnpublished, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted] as const) room.on(event, relabel);
  relabel();

  for (const panel of ['people', 'chat']) {
    const button = element(`${panel}-button`);
    button.onclick = () => {
      const open = element(panel).hidden;
      for (const other of ['people', 'chat']) {
        element(other).hidden = other !== panel || !open;
        element(`${other}-button`).setAttribute('aria-expanded', String(other === panel && open));
      }
      if (open && panel === 'chat') element('words').focus();
    };
  }
  element('invite').onclick = () => {
    const link = `${location.origin}/#${conference.invitation.toString()}`;
    navigator.clipboard.writeText(link).then(() => note('Invitation copied. Whoever has it can come in and read who is here, so send it by a way you trust.'), () => note(link));
  };
  element('leave').onclick = () => void conference.leave().then(() => location.reload());
  wireDevices(conference, failed);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as Element).tagName)) return;
    if (event.key === 'm') element('microphone').click();
    if (event.key === 'v') element('camera').click();
    if (event.key === 'Escape') for (const panel of ['people', 'chat']) if (!element(panel).hidden) element(`${panel}-button`).click();
  });
}

function wireDevices(conference: Conference, failed: (problem: Error) => void) {
  const { room } = conference;
  element('devices-button').onclick = () => {
    void Promise.all(kinds.map(async (kind) => {
      const select = element<HTMLSelectElement>(kind);
      const devices = await Room.getLocalDevices(kind, false);
      select.replaceChildren(...devices.map(({ deviceId, label }, index) => make('option', { value: deviceId, textContent: label || `${kind} ${index + 1}`, selected: room.getActiveDevice(kind) === deviceId })));
      select.onchange = () => void room.switchActiveDevice(kind, select.value).catch(failed);
    })).catch(failed);
    element<HTMLDialogElement>('devices').showModal();
  };
  element<HTMLSelectElement>('preferred').onchange = (event) => conference.quality.setPreferred((event.target as HTMLSelectElement).value as PreferredQuality);
}
