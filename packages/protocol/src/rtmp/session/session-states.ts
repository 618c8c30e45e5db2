/** Where a server's connection is. `deciding`: `connect` has come and waits for `accept` or `reject`. */
export type ConnectionState = 'handshaking' | 'handshaken' | 'deciding' | 'connected' | 'ended';
export type ConnectionStep = 'handshake' | 'connect' | 'accept' | 'end';

/** All changes of a connection's state; a step that is not listed is not allowed there. */
export const connectionSteps: Readonly<
  Record<ConnectionState, Readonly<Partial<Record<ConnectionStep, ConnectionState>>>>
> = {
  handshaking: { handshake: 'handshaken', end: 'ended' },
  handshaken: { connect: 'deciding', end: 'ended' },
  deciding: { accept: 'connected', end: 'ended' },
  connected: { end: 'ended' },
  ended: { end: 'ended' },
};

/**
 * What a message stream is used for. `…Requested`: the request waits for `accept` or `reject`. `queueRequested`: as
 * `playing`, and a request for what is to be played after that, or in its place, waits.
 */
export type StreamState =
  | 'idle'
  | 'publishRequested'
  | 'publishing'
  | 'playRequested'
  | 'playing'
  | 'queueRequested'
  | 'serveRequested'
  | 'serving';
export type StreamStep = 'publish' | 'play' | 'queue' | 'serve' | 'accept' | 'refuse' | 'stop';

/** All changes of a message stream's state. A new role begins at `idle`: the old one is stopped first. */
export const streamSteps: Readonly<Record<StreamState, Readonly<Partial<Record<StreamStep, StreamState>>>>> = {
  idle: { publish: 'publishRequested', play: 'playRequested', serve: 'serveRequested' },
  publishRequested: { accept: 'publishing', refuse: 'idle', stop: 'idle' },
  publishing: { stop: 'idle' },
  playRequested: { accept: 'playing', refuse: 'idle', stop: 'idle' },
  playing: { queue: 'queueRequested', stop: 'idle' },
  queueRequested: { accept: 'playing', refuse: 'playing', stop: 'idle' },
  serveRequested: { accept: 'serving', refuse: 'idle', stop: 'idle' },
  serving: { stop: 'idle' },
};
