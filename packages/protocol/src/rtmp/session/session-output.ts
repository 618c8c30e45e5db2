import type { AmfInput } from '../../amf/index.js';
import { ByteWriter } from '../../bytes/index.js';
import { ChunkEncoder } from '../chunk/index.js';
import {
  encodeMessage,
  encodeSharedObject,
  type MessageInput,
  type RawMessage,
  type SharedObjectContentInput,
  statusLevel,
  type UserControlEvent,
} from '../message/index.js';
import { applicationEvent, applicationValues, messageEncodingOf, type ObjectEncoding } from './object-encoding.js';

/**
 * The chunk streams of what a session says itself. Media that goes past the session, with full headers, must not use
 * them: the headers of both would be taken for each other's. 4, 5 and 6 are left for it.
 */
export const sessionChunkStreams = { control: 2, connection: 3, stream: 7 } as const;

/** A command, as far as its answer needs it. */
interface Answerable {
  readonly transactionId: number;
  readonly messageStreamId: number;
}

/** Encodes what a session sends and keeps it until it is taken. */
export class SessionOutput {
  /** Commands and data are sent accordingly from here on. */
  objectEncoding: ObjectEncoding = 0;
  readonly #encoder = new ChunkEncoder();
  #writer: ByteWriter | undefined;

  get chunkSize(): number {
    return this.#encoder.chunkSize;
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#writer?.length ?? 0;
  }

  /** The bytes belong to the caller from here on. */
  take(): Uint8Array | undefined {
    const writer = this.#writer;
    this.#writer = undefined;
    return writer?.finish();
  }

  bytes(bytes: Uint8Array): void {
    this.#open().writeBytes(bytes);
  }

  raw(chunkStreamId: number, message: RawMessage): void {
    this.#encoder.encode(chunkStreamId, message, this.#open());
  }

  setChunkSize(chunkSize: number): void {
    this.control({ type: 'setChunkSize', timestamp: 0, messageStreamId: 0, chunkSize });
    this.#encoder.chunkSize = chunkSize;
  }

  acknowledgement(sequenceNumber: number): void {
    this.control({ type: 'acknowledgement', timestamp: 0, messageStreamId: 0, sequenceNumber });
  }

  windowAckSize(windowAckSize: number): void {
    this.control({ type: 'windowAckSize', timestamp: 0, messageStreamId: 0, windowAckSize });
  }

  userControl(event: UserControlEvent): void {
    this.control({ type: 'userControl', timestamp: 0, messageStreamId: 0, event });
  }

  control(message: MessageInput): void {
    this.raw(sessionChunkStreams.control, encodeMessage(message));
  }

  /**
   * What the session itself has to say: its values stay in AMF0 whatever the type of the message is. That can be read by
   * those as well who say 3 and read AMF0 alone, as SRS does.
   */
  command(
    messageStreamId: number,
    name: string,
    transactionId: number,
    args: readonly AmfInput[],
    commandObject: AmfInput = null,
  ): void {
    const chunkStreamId = messageStreamId === 0 ? sessionChunkStreams.connection : sessionChunkStreams.stream;
    this.raw(
      chunkStreamId,
      encodeMessage({
        type: 'command',
        timestamp: 0,
        messageStreamId,
        encoding: messageEncodingOf(this.objectEncoding),
        name,
        transactionId,
        commandObject,
        args,
      }),
    );
  }

  /** A command with an application's values. */
  call(
    messageStreamId: number,
    name: string,
    transactionId: number,
    args: readonly AmfInput[],
    commandObject: AmfInput = null,
  ): void {
    const [object, ...values] = applicationValues([commandObject, ...args], this.objectEncoding);
    this.command(messageStreamId, name, transactionId, values, object);
  }

  /** Answers a command, unless it wants no answer. [RTMP §7.2.1.2] */
  result(to: Answerable, ...values: readonly AmfInput[]): void {
    if (to.transactionId !== 0) this.call(to.messageStreamId, '_result', to.transactionId, values);
  }

  /** Refuses a command, unless it wants no answer. */
  error(to: Answerable, code: string, description: string, extra: Readonly<Record<string, AmfInput>> = {}): void {
    if (to.transactionId === 0) return;
    this.command(to.messageStreamId, '_error', to.transactionId, [{ level: 'error', code, description, ...extra }]);
  }

  status(
    messageStreamId: number,
    code: string,
    description: string,
    extra: Readonly<Record<string, AmfInput>> = {},
  ): void {
    const info = { level: statusLevel(code), code, description, ...extra };
    this.command(messageStreamId, 'onStatus', 0, [info]);
  }

  data(messageStreamId: number, timestamp: number, values: readonly AmfInput[]): void {
    this.raw(sessionChunkStreams.stream, this.dataMessage(messageStreamId, timestamp, values));
  }

  /** A data message with an application's values, to be sent by `raw`. */
  dataMessage(messageStreamId: number, timestamp: number, values: readonly AmfInput[]): RawMessage {
    const { objectEncoding } = this;
    return encodeMessage({
      type: 'data',
      timestamp,
      messageStreamId,
      encoding: messageEncodingOf(objectEncoding),
      values: applicationValues(values, objectEncoding),
    });
  }

  /** What is said of a shared object, with an application's values. */
  sharedObject(content: SharedObjectContentInput): void {
    const { objectEncoding } = this;
    const events = content.events.map((event) => applicationEvent(event, objectEncoding));
    const message = encodeSharedObject({ ...content, events }, messageEncodingOf(objectEncoding));
    this.raw(sessionChunkStreams.connection, encodeMessage(message));
  }

  #open(): ByteWriter {
    this.#writer ??= new ByteWriter();
    return this.#writer;
  }
}
