import type { AmfLimits } from '../../amf/index.js';
import { RtmpRemoteError } from '../../bytes/index.js';
import {
  type CommandMessage,
  decodeMessage,
  decodeSharedObject,
  type Message,
  messageTypes,
  type RawMessage,
  readUnsupportedCommand,
  splitAggregate,
  type UserControlEvent,
} from '../message/index.js';
import type { AcknowledgementWindow } from './acknowledgement-window.js';
import { parseConnect } from './connect-request.js';
import { connectionCommands, overridableCommands, refuseUnsupported } from './connection-commands.js';
import type { ServerContext } from './server-context.js';
import type { CallRequest, ConnectRequest } from './server-event.js';
import { handleStreamCommand } from './stream-commands.js';

interface ServerInboxOptions {
  readonly context: ServerContext;
  readonly window: AcknowledgementWindow;
  readonly amfLimits: AmfLimits;
  readonly maxStrayMessages: number;
  readonly serviceMessageName: string | undefined;
  /** The first `connect` has come. */
  readonly onConnect: (request: ConnectRequest) => void;
  readonly onSwfAnswer: (data: Uint8Array) => void;
}

/** Where a client's messages go. Throws `RtmpRemoteError` for those that may not be sent. */
export class ServerInbox {
  readonly #options: ServerInboxOptions;
  readonly #context: ServerContext;
  readonly #ownCommands = new Set<string>();
  #strayMessages = 0;
  #acknowledgedBytes = 0;

  constructor(options: ServerInboxOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  get acknowledgedBytes(): number {
    return this.#acknowledgedBytes;
  }

  /** From now on these are handed on, as far as they can be. */
  handOn(commands: readonly string[]): void {
    for (const name of commands) if (overridableCommands.has(name)) this.#ownCommands.add(name);
  }

  /** A stream publishes from now on: what strayed before does not count any more. */
  publishing(): void {
    this.#strayMessages = 0;
  }

  /** Sent behind a request that is not answered yet, without waiting for the answer. */
  mustWait(raw: RawMessage): boolean {
    const state = this.#context.streams.get(raw.messageStreamId)?.state;
    return (
      state === 'publishRequested' ||
      state === 'playRequested' ||
      state === 'queueRequested' ||
      state === 'serveRequested'
    );
  }

  take(raw: RawMessage, connected: boolean): void {
    if (isMedia(raw.messageTypeId)) {
      if (!connected) throw notConnected('media');
      this.#takeMedia(raw);
      return;
    }
    if (raw.messageTypeId === messageTypes.setChunkSize || raw.messageTypeId === messageTypes.abort) {
      // The chunk decoder has applied them.
      return;
    }
    if (!connected && raw.payload.length > maxConnectBytes) {
      throw new RtmpRemoteError('ERR_RTMP_SESSION_CONNECT_TOO_LONG', `connect with ${raw.payload.length} bytes`);
    }
    const message = connected ? this.#decode(raw) : decodeMessage(raw, this.#options.amfLimits);
    if (message !== undefined) this.#takeMessage(message, connected);
  }

  /** `undefined`: a command with arguments that are not supported. It is refused, and the connection goes on. */
  #decode(raw: RawMessage): Message | undefined {
    const { amfLimits } = this.#options;
    try {
      return decodeMessage(raw, amfLimits);
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      const command = readUnsupportedCommand(raw, error, amfLimits);
      if (command === undefined || command.name === 'connect') throw error;
      refuseUnsupported(this.#context, command, error);
      return undefined;
    }
  }

  #takeMedia(raw: RawMessage): void {
    const { messageStreamId } = raw;
    if (this.#context.streams.get(messageStreamId)?.state !== 'publishing') {
      this.#strayMessages += 1;
      if (this.#strayMessages > this.#options.maxStrayMessages) {
        throw new RtmpRemoteError('ERR_RTMP_SESSION_STRAY_MEDIA', 'too much media on streams that publish nothing');
      }
      return;
    }
    if (raw.messageTypeId !== messageTypes.aggregate) {
      this.#context.emit({ type: 'media', messageStreamId, message: raw });
      return;
    }
    for (const part of splitAggregate(raw)) {
      if (!isMediaMessage(part)) continue;
      // Copied: who keeps a sequence header must not keep the megabytes that came around it.
      const message = { ...part, payload: new Uint8Array(part.payload) };
      this.#context.emit({ type: 'media', messageStreamId, message });
    }
  }

  #takeMessage(message: Message, connected: boolean): void {
    switch (message.type) {
      case 'acknowledgement':
        this.#acknowledgedBytes = message.sequenceNumber;
        return;
      case 'windowAckSize':
        this.#options.window.setWindow(message.windowAckSize);
        return;
      case 'setPeerBandwidth': {
        const answer = this.#options.window.setPeerBandwidth(message.windowAckSize, message.limitType);
        if (answer !== undefined) this.#context.output.windowAckSize(answer);
        return;
      }
      case 'userControl':
        this.#takeUserControl(message.event);
        return;
      case 'command':
        if (connected) this.#takeCommand(message);
        else this.#takeFirstCommand(message);
        return;
      case 'sharedObject':
        if (!connected) throw notConnected('a shared object message');
        this.#context.emit({ type: 'sharedObject', content: decodeSharedObject(message, this.#options.amfLimits) });
        return;
      case 'unknown':
        return;
      case 'setChunkSize':
      case 'abort':
      case 'audio':
      case 'video':
      case 'data':
      case 'aggregate':
        throw new TypeError(`${message.type} is taken elsewhere`);
      default:
        message satisfies never;
    }
  }

  #takeServiceMessage({ messageStreamId, commandObject: header, args }: CommandMessage): void {
    if (this.#context.streams.get(messageStreamId)?.state === 'serving') {
      this.#context.emit({ type: 'service', call: { messageStreamId, header, args } });
      return;
    }
    const description = 'The message stream is attached to no service.';
    this.#context.output.status(messageStreamId, 'NetStream.Serve.Error', description);
  }

  #takeUserControl(event: UserControlEvent): void {
    if (event.type === 'pingRequest') {
      this.#context.output.userControl({ type: 'pingResponse', timestamp: event.timestamp });
    } else if (event.type === 'setBufferLength') {
      const { messageStreamId, bufferMs } = event;
      this.#context.emit({ type: 'bufferLength', messageStreamId, bufferMs });
    } else if (event.type === 'swfVerificationResponse') {
      this.#options.onSwfAnswer(event.data);
    }
  }

  #takeFirstCommand(command: CommandMessage): void {
    if (command.name !== 'connect') {
      this.#context.output.error(command, 'NetConnection.Call.Failed', 'The connection is not established.');
      throw notConnected(`the command ${JSON.stringify(command.name.slice(0, 64))}`);
    }
    const request = parseConnect(command);
    if (request === undefined) {
      this.#context.output.error(command, 'NetConnection.Connect.Rejected', 'connect has no command object.');
      throw new RtmpRemoteError('ERR_RTMP_SESSION_CONNECT', 'connect has no command object');
    }
    this.#options.onConnect(request);
  }

  #takeCommand(command: CommandMessage): void {
    const { name, transactionId, messageStreamId, commandObject, args } = command;
    if (name === 'connect') {
      this.#context.output.error(command, 'NetConnection.Connect.Rejected', 'The connection is established already.');
      throw new RtmpRemoteError('ERR_RTMP_SESSION_CONNECTED_TWICE', 'a second connect');
    }
    if (name === this.#options.serviceMessageName) {
      this.#takeServiceMessage(command);
      return;
    }
    const handler = this.#ownCommands.has(name) ? undefined : connectionCommands.get(name);
    if (handler !== undefined) {
      handler(this.#context, command);
      return;
    }
    if (handleStreamCommand(this.#context, command)) return;
    if (transactionId !== 0 && !this.#context.openCall()) {
      throw new RtmpRemoteError('ERR_RTMP_SESSION_PENDING_REQUESTS', 'too many calls wait for an answer');
    }
    const request: CallRequest = { kind: 'call', name, transactionId, messageStreamId, commandObject, args };
    this.#context.emit({ type: 'call', request });
  }
}

/**
 * What a client says in `connect` is kept as long as the connection: a thousand clients must not keep gigabytes. Real
 * ones send under 2 KiB, and tokens in the URL a few more.
 */
const maxConnectBytes = 64 * 1024;

function isMedia(messageTypeId: number): boolean {
  switch (messageTypeId) {
    case messageTypes.audio:
    case messageTypes.video:
    case messageTypes.dataAmf0:
    case messageTypes.dataAmf3:
    case messageTypes.aggregate:
      return true;
    default:
      return false;
  }
}

function isMediaMessage(raw: RawMessage): boolean {
  return isMedia(raw.messageTypeId);
}

function notConnected(what: string): RtmpRemoteError {
  return new RtmpRemoteError('ERR_RTMP_SESSION_NOT_CONNECTED', `${what} before connect`);
}
