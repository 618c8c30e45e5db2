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

/** What a message stream is used for. `…Requested`: the request waits for `accept` or `reject`. */
export type StreamState =
  | 'idle'
  | 'publishRequested'
  | 'publishing'
  | 'playRequested'
  | 'playing'
  | 'serveRequested'
  | 'serving';
export type StreamStep = 'publish' | 'play' | 'serve' | 'accept' | 'stop';

/** All changes of a message stream's state. A new role begins at `idle`: the old one is stopped first. */
export const streamSteps: Readonly<Record<StreamState, Readonly<Partial<Record<StreamStep, StreamState>>>>> = {
  idle: { publish: 'publishRequested', play: 'playRequested', serve: 'serveRequested' },
  publishRequested: { accept: 'publishing', stop: 'idle' },
  publishing: { stop: 'idle' },
  playRequested: { accept: 'playing', stop: 'idle' },
  playing: { stop: 'idle' },
  serveRequested: { accept: 'serving', stop: 'idle' },
  serving: { stop: 'idle' },
};
