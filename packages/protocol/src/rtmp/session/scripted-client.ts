import { type AmfInput, AmfObject, type AmfValue } from '../../amf/index.js';
import { ByteWriter } from '../../bytes/index.js';
import { ChunkDecoder, ChunkEncoder } from '../chunk/index.js';
import { decodeMessage, encodeMessage, type Message, type MessageInput, type RawMessage } from '../message/index.js';
import type { ServerEvent } from './server-event.js';
import { ServerSession } from './server-session.js';
import type { ServerSessionOptions } from './server-session-options.js';

const packetLength = 1536;

/** S0, S1 and S2. */
const serverHandshakeLength = 1 + 2 * packetLength;

export interface ScriptedClientOptions extends Partial<ServerSessionOptions> {
  /** `true` (default): the server accepts `connect`, `publish` and `play` at once. */
  readonly autoAccept?: boolean;
  /** `true`: what is played is a recording, and seeks are granted. */
  readonly recorded?: boolean;
}

/**
 * For tests: a client without a mind of its own in front of a server session. It sends what it is told, however wrong,
 * and shows the answers one line each. Its clock stands until it is moved. Not part of the package.
 */
export class ScriptedClient {
  readonly session: ServerSession;
  nowMs = 1_000;
  /** As in the options; may be changed at any time. */
  autoAccept: boolean;
  readonly #recorded: boolean;
  readonly #encoder = new ChunkEncoder();
  readonly #decoder = new ChunkDecoder();
  #handshakeLeft = serverHandshakeLength;
  #messages: Message[] = [];
  #events: ServerEvent[] = [];

  constructor({ autoAccept = true, recorded = false, ...options }: ScriptedClientOptions = {}) {
    this.autoAccept = autoAccept;
    this.#recorded = recorded;
    const crypto = { randomBytes: (count: number) => new Uint8Array(count), hmacSha256: () => new Uint8Array(32) };
    this.session = new ServerSession({ crypto, nowMs: this.nowMs, ...options });
  }

  /** After the handshake. */
  static handshaken(options?: ScriptedClientOptions): ScriptedClient {
    const client = new ScriptedClient(options);
    client.sendBytes(clientHandshake());
    return client;
  }

  /** After `connect` to the application "live"; nothing to take yet. */
  static connected(options?: ScriptedClientOptions): ScriptedClient {
    const client = ScriptedClient.handshaken(options);
    client.connect();
    client.takeMessages();
    client.takeEvents();
    return client;
  }

  /** After `connect` and `createStream`, which gave 1. */
  static withStream(options?: ScriptedClientOptions): ScriptedClient {
    const client = ScriptedClient.connected(options);
    client.command('createStream', 2);
    client.takeMessages();
    return client;
  }

  /** Publishing "a" on message stream 1. */
  static publishing(options?: ScriptedClientOptions): ScriptedClient {
    const client = ScriptedClient.withStream(options);
    client.command('publish', 0, ['a'], 1);
    client.takeMessages();
    client.takeEvents();
    return client;
  }

  /** Playing "a" on message stream 1. */
  static playing(options?: ScriptedClientOptions): ScriptedClient {
    const client = ScriptedClient.withStream(options);
    client.command('play', 0, ['a'], 1);
    client.takeMessages();
    client.takeEvents();
    return client;
  }

  /** Playing the recording "a" on message stream 1. */
  static playingRecorded(options?: ScriptedClientOptions): ScriptedClient {
    return ScriptedClient.playing({ ...options, recorded: true });
  }

  connect(properties: Readonly<Record<string, AmfInput>> = {}, transactionId = 1): void {
    this.command('connect', transactionId, [], 0, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live', ...properties });
  }

  command(
    name: string,
    transactionId: number,
    args: readonly AmfInput[] = [],
    messageStreamId = 0,
    commandObject: AmfInput = null,
  ): void {
    this.send({
      type: 'command',
      timestamp: 0,
      messageStreamId,
      encoding: 'amf0',
      name,
      transactionId,
      commandObject,
      args,
    });
  }

  send(...messages: readonly MessageInput[]): void {
    this.sendRaw(...messages.map(encodeMessage));
  }

  /** All in one piece. */
  sendRaw(...messages: readonly RawMessage[]): void {
    this.sendBytes(this.encode(...messages));
  }

  /** The chunks that `sendRaw` would send now. */
  encode(...messages: readonly RawMessage[]): Uint8Array {
    const writer = new ByteWriter();
    for (const message of messages) this.#encoder.encode(3, message, writer);
    return writer.finish();
  }

  sendBytes(bytes: Uint8Array): void {
    this.session.receive(bytes, this.nowMs);
    this.pull();
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.session.checkDeadline(this.nowMs);
    this.pull();
  }

  /** Takes the session's events, and its output. */
  pull(): void {
    for (let event = this.session.nextEvent(); event; event = this.session.nextEvent()) {
      this.#events.push(event);
      if (this.autoAccept) this.#accept(event);
    }
    let output = this.session.takeOutput();
    if (output === undefined) return;
    const skipped = Math.min(this.#handshakeLeft, output.length);
    this.#handshakeLeft -= skipped;
    output = output.subarray(skipped);
    this.#decoder.push(output);
    for (let raw = this.#decoder.next(); raw; raw = this.#decoder.next()) this.#messages.push(decodeMessage(raw));
  }

  #accept(event: ServerEvent): void {
    if (event.type === 'connect') this.session.accept(event.request);
    else if (event.type === 'publish') this.session.accept(event.request);
    else if (event.type === 'play') this.session.accept(event.request, { recorded: this.#recorded });
    else if (event.type === 'seek' && this.#recorded) this.session.accept(event.request);
    else if (event.type === 'seek') this.session.reject(event.request, { code: 'NetStream.Seek.Failed' });
  }

  /** What has come since the last call. */
  takeMessages(): Message[] {
    this.pull();
    return this.#messages.splice(0);
  }

  /** What has come since the last call, a line for each message. */
  takeLines(): string[] {
    return this.takeMessages().map(describeMessage);
  }

  takeEvents(): ServerEvent[] {
    this.pull();
    return this.#events.splice(0);
  }
}

/** The code of the error that ended the session; `undefined` where the last event is another. */
export function failureOf(events: readonly ServerEvent[]): string | undefined {
  const last = events.at(-1);
  return last?.type === 'failed' ? last.error.code : undefined;
}

/** C0, C1 and C2 of a client that takes the plain handshake. */
export function clientHandshake(): Uint8Array {
  const bytes = new Uint8Array(1 + 2 * packetLength);
  bytes[0] = 3;
  return bytes;
}

/** `STREAM LEVEL CODE` for a status, `STREAM NAME TRANSACTION ARGUMENTS …` for another command. */
export function describeMessage(message: Message): string {
  const { messageStreamId } = message;
  switch (message.type) {
    case 'command': {
      const [info] = message.args;
      if (message.name === 'onStatus' && info instanceof AmfObject) {
        return `${messageStreamId} ${info.get('level')} ${info.get('code')}`;
      }
      return [messageStreamId, message.name, message.transactionId, ...message.args.map(describeValue)].join(' ');
    }
    case 'data':
      return [messageStreamId, 'data', ...message.values.map(describeValue)].join(' ');
    case 'userControl': {
      const { type, ...fields } = message.event;
      return [type, ...Object.values(fields)].join(' ');
    }
    case 'setChunkSize':
      return `setChunkSize ${message.chunkSize}`;
    case 'acknowledgement':
      return `acknowledgement ${message.sequenceNumber}`;
    case 'windowAckSize':
      return `windowAckSize ${message.windowAckSize}`;
    case 'setPeerBandwidth':
      return `setPeerBandwidth ${message.windowAckSize} ${message.limitType}`;
    case 'abort':
    case 'audio':
    case 'video':
    case 'sharedObject':
    case 'aggregate':
    case 'unknown':
      return message.type;
    default:
      return message satisfies never;
  }
}

/** An object by its status code where it has one. */
function describeValue(value: AmfValue): string {
  return value instanceof AmfObject ? String(value.get('code')) : String(value);
}
