/** What happens on the way into a call. */
export type Progress =
  /** The room API is asked. */
  | { readonly kind: 'admitting' }
  /** Somebody has to open. */
  | { readonly kind: 'knocking' }
  /** The SFU is connected to. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' };

/** Something that a person should read. There is one at most. */
export interface Notice {
  readonly kind: 'connecting' | 'keys' | 'waiting' | 'alone' | 'broken' | 'stranger' | 'removed';
  readonly text: string;
}

const texts: Readonly<Record<Notice['kind'], string>> = {
  connecting: 'The connection was lost. Looking for the server that has the call now; nothing has to be done.',
  keys: 'Getting the keys of this call.',
  waiting: 'Waiting for a member of the call to hand over the keys.',
  alone: 'Nobody who has the keys is in the call: wait for a member, or for a host.',
  broken: 'The keys of this call are spoilt: a host or moderator has to be in the call to make new ones.',
  stranger: 'This invitation does not fit the call: ask for a new link.',
  removed: 'A host or moderator took you out of the call: nothing new can be seen or heard until one of them lets you back.',
};

/** What a state means for people; undefined when nothing has to be said. */
export function noticeFor(state: string): Notice | undefined {
  const kind = state === 'entering' ? 'keys' : state;
  return kind in texts ? { kind: kind as Notice['kind'], text: texts[kind as Notice['kind']] } : undefined;
}
