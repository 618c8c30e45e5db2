import type { AmfLimits } from '../../amf/index.js';
import {
  type CommandMessage,
  decodeMessage,
  decodeSharedObject,
  type Message,
  messageTypes,
  type RawMessage,
  splitAggregate,
  type UserControlEvent,
} from '../message/index.js';
import type { AcknowledgementWindow } from './acknowledgement-window.js';
import type { ClientSessionCalls } from './client-session-calls.js';
import { isRefusalOfConnect, readObjectEncoding, readStatusInfo } from './client-session-connect.js';
import { readDataValues } from './client-session-data.js';
import type { ClientSessionDeadlines } from './client-session-deadlines.js';
import type { ClientEvent } from './client-session-event.js';
import type { ObjectEncoding } from './object-encoding.js';
import type { SessionOutput } from './session-output.js';

interface ClientSessionInboxOptions {
  readonly output: SessionOutput;
  readonly window: AcknowledgementWindow;
  readonly calls: ClientSessionCalls;
  readonly deadlines: ClientSessionDeadlines;
  readonly amfLimits: Partial<AmfLimits>;
  readonly emit: (event: ClientEvent) => void;
  /** The answer to a request for SWF verification; `undefined`: there is none. */
  readonly swfAnswer: (version: number) => Uint8Array | undefined;
  /** The server has said `close`. */
  readonly end: () => void;
}

/** Where a server's messages go. Throws `RtmpRemoteError` for those that may not be sent. */
export class ClientSessionInbox {
  readonly #options: ClientSessionInboxOptions;
  #acknowledgedBytes = 0;
  #offeredEncoding: ObjectEncoding = 0;

  constructor(options: ClientSessionInboxOptions) {
    this.#options = options;
  }

  get acknowledgedBytes(): number {
    return this.#acknowledgedBytes;
  }

  /** What `connect` says of the encoding: without 3 in it, the server's answer does not count. */
  offered(encoding: ObjectEncoding): void {
    this.#offeredEncoding = encoding;
  }

  take(raw: RawMessage): void {
    switch (raw.messageTypeId) {
      case messageTypes.audio:
      case messageTypes.video:
        this.#options.emit({ type: 'media', messageStreamId: raw.messageStreamId, message: raw });
        return;
      case messageTypes.dataAmf0:
      case messageTypes.dataAmf3: {
        const values = readDataValues(raw, this.#options.amfLimits);
        this.#options.emit({ type: 'data', messageStreamId: raw.messageStreamId, message: raw, values });
        return;
      }
      case messageTypes.aggregate:
        for (const message of splitAggregate(raw)) this.take(message);
        return;
      default:
        this.#takeMessage(decodeMessage(raw, this.#options.amfLimits));
    }
  }

  #takeMessage(message: Message): void {
    switch (message.type) {
      case 'windowAckSize':
        this.#options.window.setWindow(message.windowAckSize);
        return;
      case 'setPeerBandwidth': {
        const answer = this.#options.window.setPeerBandwidth(message.windowAckSize, message.limitType);
        if (answer !== undefined) this.#options.output.windowAckSize(answer);
        return;
      }
      case 'acknowledgement':
        this.#acknowledgedBytes = message.sequenceNumber;
        return;
      case 'userControl':
        this.#takeUserControl(message.event);
        return;
      case 'command':
        this.#takeCommand(message);
        return;
      case 'setChunkSize':
      case 'abort': // Both applied by the chunk decoder.
      case 'audio':
      case 'video':
      case 'data':
      case 'aggregate': // All four taken before, undecoded.
      case 'unknown':
        return;
      case 'sharedObject':
        this.#options.emit({ type: 'sharedObject', content: decodeSharedObject(message, this.#options.amfLimits) });
        return;
      default:
        unreachable(message);
    }
  }

  #takeUserControl(event: UserControlEvent): void {
    if (event.type === 'pingRequest') {
      this.#options.output.userControl({ type: 'pingResponse', timestamp: event.timestamp });
      return;
    }
    if (event.type === 'swfVerificationRequest') {
      const data = this.#options.swfAnswer(event.version);
      if (data !== undefined) {
        this.#options.output.userControl({ type: 'swfVerificationResponse', data });
        return;
      }
    }
    this.#options.emit({ type: 'userControl', event });
  }

  #takeCommand(message: CommandMessage): void {
    switch (message.name) {
      case '_result':
      case '_error':
        this.#takeAnswer(this.#options.calls.takeAnswer(message));
        return;
      case 'onStatus': {
        const { messageStreamId } = message;
        // Read from either place: the command object is null by the specification, and the status follows it.
        const status = readStatusInfo(message.args[0] ?? message.commandObject);
        if (this.#options.calls.connectPending && isRefusalOfConnect(status)) {
          this.#options.calls.endConnect();
          this.#takeAnswer({ type: 'rejected', status });
        } else {
          this.#options.emit({ type: 'status', messageStreamId, status });
        }
        return;
      }
      case 'close':
        this.#options.emit({ type: 'closed' });
        this.#options.end();
        return;
      default: {
        const { name, transactionId, messageStreamId, commandObject, args } = message;
        this.#options.emit({ type: 'call', call: { name, transactionId, messageStreamId, commandObject, args } });
      }
    }
  }

  #takeAnswer(event: ClientEvent | undefined): void {
    if (event === undefined) return;
    if (event.type === 'connected' || event.type === 'rejected') this.#options.deadlines.connectAnswered();
    if (event.type === 'connected' && this.#offeredEncoding === 3) {
      this.#options.output.objectEncoding = readObjectEncoding(event.status);
    }
    this.#options.emit(event);
  }
}

function unreachable(message: never): never {
  throw new TypeError(`no such message: ${JSON.stringify(message)}`);
}
