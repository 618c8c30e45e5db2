import { get, type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import type { MediaMessage } from './test-publisher.js';

/** An FLV file header: the bits of its flags. */
export const flvFlags = { audio: 4, video: 1 } as const;

/**
 * A viewer over HTTP or WebSocket. Reads the FLV strictly and with code of its own: what may not stand there is a
 * `fault`. [FLV E.2, E.3]
 */
export class FlvClient {
  readonly tags: MediaMessage[] = [];
  /** Of the file header; `undefined` until it has come. */
  flags: number | undefined;
  fault: Error | undefined;
  /** Resolves when the server has ended the stream, or the connection is gone. */
  readonly ended: Promise<void>;
  #over = false;
  #end: () => void = () => undefined;
  #pending = Buffer.alloc(0);
  #waiters: { readonly count: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #close: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves when the viewer is let in; rejects on any status but 200. */
  static async http(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<FlvClient> {
    const client = new FlvClient();
    const response = await httpGet(port, path, headers);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`status ${response.statusCode}`);
    }
    client.#close = () => response.destroy();
    response.on('data', (bytes: Buffer) => client.#receive(bytes));
    response.once('close', () => client.#finish());
    response.on('error', () => undefined);
    return client;
  }

  /** Resolves when the WebSocket is open; rejects when it is refused. */
  static async webSocket(port: number, path: string): Promise<FlvClient> {
    const client = new FlvClient();
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    client.#close = () => socket.terminate();
    socket.on('message', (bytes, isBinary) => {
      if (!isBinary) client.fault = new Error('a text message');
      client.#receive(bytes as Buffer);
    });
    socket.once('close', () => client.#finish());
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Resolves when `count` tags have come in all. Rejects when the stream ends before. */
  async until(count: number): Promise<readonly MediaMessage[]> {
    if (this.tags.length < count) {
      if (this.#over) throw this.#error();
      await new Promise<void>((resolve, reject) => {
        this.#waiters.push({ count, resolve, reject });
      });
    }
    return this.tags;
  }

  close(): void {
    this.#close();
  }

  #receive(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    try {
      while (this.#read());
    } catch (error) {
      this.fault = error as Error;
      this.close();
    }
    this.#waiters = this.#waiters.filter(({ count, resolve }) => {
      if (this.tags.length < count) return true;
      resolve();
      return false;
    });
  }

  #read(): boolean {
    const bytes = this.#pending;
    if (this.flags === undefined) {
      if (bytes.length < 13) return false;
      if (bytes.toString('latin1', 0, 4) !== 'FLV\x01') throw new Error('no FLV signature');
      if (bytes.readUInt32BE(5) !== 9 || bytes.readUInt32BE(9) !== 0) throw new Error('a bad file header');
      this.flags = bytes.readUInt8(4);
      this.#pending = bytes.subarray(13);
      return true;
    }
    if (bytes.length < 11) return false;
    const length = bytes.readUIntBE(1, 3);
    if (bytes.length < 11 + length + 4) return false;
    const type = bytes.readUInt8(0);
    if (type !== 8 && type !== 9 && type !== 18) throw new Error(`a tag of type ${type}`);
    if (bytes.readUIntBE(8, 3) !== 0) throw new Error('a stream id');
    if (bytes.readUInt32BE(11 + length) !== 11 + length) throw new Error('a wrong previous tag size');
    const timestamp = bytes.readUIntBE(4, 3) + bytes.readUInt8(7) * 2 ** 24;
    this.tags.push({ type, timestamp, payload: new Uint8Array(bytes.subarray(11, 11 + length)) });
    this.#pending = bytes.subarray(11 + length + 4);
    return true;
  }

  #finish(): void {
    this.#over = true;
    if (this.#pending.length > 0) this.fault ??= new Error('the stream ends within a tag');
    for (const { reject } of this.#waiters) reject(this.#error());
    this.#waiters = [];
    this.#end();
  }

  #error(): Error {
    return this.fault ?? new Error(`ended after ${this.tags.length} tags`);
  }
}

function httpGet(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, resolve).once('error', reject);
  });
}

/** The answer to a request without a body, read whole. */
export function httpAnswer(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
