import { connect as connectSocket, type Socket } from 'node:net';
import { type AmfInput, AmfObject, type AmfValue, encodeAmf0 } from '@millrace/protocol';
import { ChunkReader, type WireMessage } from './chunk-reader.js';
import { concat, message, pattern, u16, u32 } from './wire-bytes.js';

/** A message to send; defaults: timestamp 0, message stream 0, a chunk stream by its type. */
export interface OutgoingMessage {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly timestamp?: number;
  readonly messageStreamId?: number;
  readonly chunkStreamId?: number;
}

interface Waiter {
  readonly matches: (message: WireMessage) => boolean;
  readonly resolve: (message: WireMessage) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A raw RTMP client for tests: sends what it is told, right or wrong, and keeps everything that comes.
 *
 * Nothing here waits for time. To know that the server has read what was sent, `await client.barrier()`: it answers in
 * order, so whatever it had to say before is in `received` then.
 */
export class WireClient {
  /** Every message from the server so far, in order. */
  readonly received: WireMessage[] = [];
  /** Resolves, never rejects, when the connection is gone: by the server's end, by a reset, or by `destroy`. */
  readonly closed: Promise<void>;
  readonly socket: Socket;
  /** Bytes from the server so far, the handshake included. */
  bytesReceived = 0;
  /** What our own chunks are cut to; `setChunkSize` changes both this and what the server knows. */
  chunkSize = 128;
  /** Tells of the first thing that the server may not send. */
  fault: Error | undefined;
  #reader: ChunkReader | undefined;
  #raw: Buffer[] = [];
  #rawWaiter: (() => void) | undefined;
  #untaken: WireMessage[] = [];
  #waiters: Waiter[] = [];
  #ended = false;
  #transactionId = 1;
  #pings = 1;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    // What a reset of the connection is, `closed` tells.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** A TCP connection, with nothing sent. */
  static async open(port: number): Promise<WireClient> {
    const socket = connectSocket({ host: '127.0.0.1', port });
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** The connection is gone. */
  get isClosed(): boolean {
    return this.#ended;
  }

  /** Sends bytes as they are. */
  write(...parts: readonly Uint8Array[]): void {
    this.socket.write(parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts));
  }

  /** Sends bytes and resolves when the kernel has them all; also when the connection is gone. */
  async writeAll(...parts: readonly Uint8Array[]): Promise<void> {
    // A write to a socket that is ending fails at once, before its end has been told.
    if (this.socket.destroyed) return this.closed;
    const written = new Promise<void>((resolve) => {
      this.socket.write(concat(...parts), () => resolve());
    });
    await Promise.race([written, this.closed]);
  }

  /** Exactly `count` raw bytes; for the handshake only. Rejects when the connection ends before. */
  async readRaw(count: number): Promise<Buffer> {
    for (;;) {
      const all = Buffer.concat(this.#raw);
      if (all.length >= count) {
        this.#raw = [all.subarray(count)];
        return all.subarray(0, count);
      }
      if (this.#ended) throw new Error(`closed after ${all.length} of ${count} bytes`);
      await new Promise<void>((resolve) => {
        this.#rawWaiter = resolve;
      });
    }
  }

  /** What comes from now on are chunks. `handshake` calls it; call it after a handshake made by hand. */
  startChunks(): void {
    this.#reader = new ChunkReader();
    const rest = Buffer.concat(this.#raw);
    this.#raw = [];
    if (rest.length > 0) this.#receiveChunks(rest);
  }

  /** The simple handshake. */
  async handshake(): Promise<void> {
    this.write(concat(Uint8Array.of(3), new Uint8Array(8), pattern(1528)));
    const answer = await this.readRaw(3073);
    this.write(answer.subarray(1, 1537));
    this.startChunks();
  }

  sendMessage({ type, payload, timestamp = 0, messageStreamId = 0, chunkStreamId }: OutgoingMessage): void {
    const id = chunkStreamId ?? (type < 8 ? 2 : type === 8 ? 4 : type === 9 ? 6 : 3);
    this.write(message({ chunkStreamId: id, timestamp, type, messageStreamId, payload }, this.chunkSize));
  }

  setChunkSize(size: number): void {
    this.sendMessage({ type: 1, payload: u32(size) });
    this.chunkSize = size;
  }

  /** A type 20 command. `values`: the command object, then the arguments. */
  sendCommand(name: string, transactionId: number, values: readonly AmfInput[], messageStreamId = 0): void {
    this.sendMessage({ type: 20, messageStreamId, payload: encodeAmf0([name, transactionId, ...values]) });
  }

  /** A type 17 command: what is in an `Amf3Value` goes behind the marker 0x11. [Errata §7.2] */
  sendExtendedCommand(name: string, transactionId: number, values: readonly AmfInput[], messageStreamId = 0): void {
    const payload = concat(Uint8Array.of(0), encodeAmf0([name, transactionId, ...values]));
    this.sendMessage({ type: 17, messageStreamId, payload });
  }

  /** A fresh transaction id, from 1 up. */
  nextTransactionId(): number {
    this.#transactionId += 1;
    return this.#transactionId - 1;
  }

  /** Sends a command and returns its `_result` or `_error`. */
  async call(name: string, values: readonly AmfInput[], messageStreamId = 0): Promise<WireMessage> {
    const id = this.nextTransactionId();
    this.sendCommand(name, id, values, messageStreamId);
    return this.answer(id);
  }

  /** The `_result` or `_error` of a transaction. */
  answer(transactionId: number): Promise<WireMessage> {
    return this.nextMessage(
      ({ type, values: [name, id] }) =>
        isCommand(type) && (name === '_result' || name === '_error') && id === transactionId,
    );
  }

  /**
   * The first message that matches and was not returned by `nextMessage` before, whatever came in between; of those that
   * are there already or of those to come. Rejects when the connection ends without one.
   */
  nextMessage(matches: (message: WireMessage) => boolean): Promise<WireMessage> {
    const index = this.#untaken.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#untaken.splice(index, 1)[0] as WireMessage);
    if (this.#ended) return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ matches, resolve, reject });
    });
  }

  /** The next `onStatus` with this code. Returns its information object's members. */
  async status(code: string): Promise<ReadonlyMap<string, AmfValue>> {
    const found = await this.nextMessage((candidate) => statusOf(candidate)?.get('code') === code);
    return statusOf(found) ?? new Map();
  }

  /** Resolves when the server has read everything sent so far: a ping and its answer. Rejects when the connection ends. */
  async barrier(): Promise<void> {
    const mark = 0x5000_0000 + this.#pings;
    this.#pings += 1;
    this.sendMessage({ type: 4, payload: concat(u16(6), u32(mark)) });
    const wanted = Buffer.from(concat(u16(7), u32(mark)));
    await this.nextMessage(({ type, payload }) => type === 4 && wanted.equals(payload));
  }

  /** The command `connect`; rejects when it is refused. `extra` is added to the command object. */
  async connectApp(app = 'live', extra: Readonly<Record<string, AmfInput>> = {}): Promise<WireMessage> {
    const answer = await this.call('connect', [{ app, tcUrl: `rtmp://127.0.0.1/${app}`, ...extra }]);
    if (answer.values[0] !== '_result') throw new Error('connect was refused');
    return answer;
  }

  /** Returns the id of the new message stream. */
  async createStream(): Promise<number> {
    const answer = await this.call('createStream', [null]);
    const id = answer.values[3];
    if (typeof id !== 'number') throw new Error('createStream returned no id');
    return id;
  }

  /** Resolves on `NetStream.Publish.Start`. Returns the message stream's id: a new one, or `messageStreamId`. */
  async publish(name: string, messageStreamId?: number): Promise<number> {
    const id = messageStreamId ?? (await this.createStream());
    this.sendCommand('publish', this.nextTransactionId(), [null, name, 'live'], id);
    await this.status('NetStream.Publish.Start');
    return id;
  }

  /** Resolves on `NetStream.Play.Start`. Returns the message stream's id: a new one, or `messageStreamId`. */
  async play(name: string, messageStreamId?: number): Promise<number> {
    const id = messageStreamId ?? (await this.createStream());
    this.sendCommand('play', this.nextTransactionId(), [null, name], id);
    await this.status('NetStream.Play.Start');
    return id;
  }

  /** The next audio, video or data message that was not taken yet. */
  nextMedia(): Promise<WireMessage> {
    return this.nextMessage(({ type, values: [name] }) => isMedia(type) && name !== '|RtmpSampleAccess');
  }

  /** Closes with a reset, as a peer that crashes. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    if (this.#reader !== undefined) {
      this.#receiveChunks(bytes);
      return;
    }
    this.#raw.push(bytes);
    this.#rawWaiter?.();
  }

  #receiveChunks(bytes: Buffer): void {
    let messages: WireMessage[];
    try {
      messages = this.#reader?.push(bytes) ?? [];
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
      this.socket.destroy();
      return;
    }
    for (const received of messages) {
      this.received.push(received);
      const index = this.#waiters.findIndex(({ matches }) => matches(received));
      if (index < 0) this.#untaken.push(received);
      else this.#waiters.splice(index, 1)[0]?.resolve(received);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#rawWaiter?.();
    for (const { reject } of this.#waiters) reject(this.#closedError());
    this.#waiters = [];
  }

  #closedError(): Error {
    return this.fault ?? new Error('the connection is closed');
  }
}

/** The members of an `onStatus` command's information object; `undefined`: it is another message. */
export function statusOf({ type, values: [name, , , info] }: WireMessage): ReadonlyMap<string, AmfValue> | undefined {
  return isCommand(type) && name === 'onStatus' && info instanceof AmfObject ? info.properties : undefined;
}

function isCommand(type: number): boolean {
  return type === 20 || type === 17;
}

function isMedia(type: number): boolean {
  return type === 8 || type === 9 || type === 18 || type === 15 || type === 22;
}
