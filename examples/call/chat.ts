import type { Conference } from '@buildit/conference-client';
import type { Participant } from 'livekit-client';
import { element, make } from './dom';

const TOPIC = 'chat';

/** Messages to everybody in the call, encrypted like the pictures. */
export function startChat(conference: Conference, nameOf: (participant: Participant) => string, heard: () => void, failed: (problem: Error) => void) {
  const { room } = conference;
  const show = (name: string, text: string) => {
    element('messages').append(make('li', {}, make('b', { textContent: `${name}: ` }), text));
    element('messages').lastElementChild?.scrollIntoView();
  };
  room.registerTextStreamHandler(TOPIC, (reader, from) => {
    const participant = room.remoteParticipants.get(from.identity);
    void reader.readAll().then((text) => {
      show(participant ? nameOf(participant) : 'Somebody', text.slice(0, 2000));
      heard();
    });
  });
  element<HTMLFormElement>('write').onsubmit = (event) => {
    event.preventDefault();
    const words = element<HTMLInputElement>('words');
    const text = words.value.trim();
    if (!text) return;
    words.value = '';
    void room.localParticipant.sendText(text, { topic: TOPIC }).then(() => show(nameOf(room.localParticipant), text), failed);
  };
}
