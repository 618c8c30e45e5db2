import { createServer } from 'node:net';
import { messageTypes } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { WebSocketFront } from '../test/web-socket-front.js';
import { NetConnection } from './net-connection.js';
import { parseRtmpUrl } from './rtmp-url.js';
import { openWebSocket, WebSocketConnection, type WebSocketLike } from './web-socket-connection.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(script = acceptAll): Promise<{ server: ScriptedServer; front: WebSocketFront }> {
  const server = await ScriptedServer.start(script);
  closers.push(() => server.close());
  const front = await WebSocketFront.before(server.port);
  closers.push(() => front.close());
  return { server, front };
}

async function connect(url: string, options?: Parameters<typeof NetConnection.connect>[1]): Promise<NetConnection> {
  const connection = await NetConnection.connect(url, options);
  closers.push(() => connection.close());
  return connection;
}

describe('NetConnection over a WebSocket', () => {
  it('connects at the endpoint, names app and stream in RTMP, and closes in order', async () => {
    const { server, front } = await serve();
    const connection = await connect(`${front.url}/test?key=1`);
    expect(front.targets).toEqual(['/rtmp']);
    expect(connection.url.streamName).toBe('test?key=1');
    expect(server.peer.events).toMatchObject([{ type: 'connect', request: { app: 'live', tcUrl: front.url } }]);
    const [socket] = front.sockets;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    await connection.close();
    expect(await closed).toBe(1000);
    expect(await connection.closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_CLOSED' });
  });

  it('makes the sender wait while the server does not read, and loses nothing', async () => {
    const { server, front } = await serve();
    const connection = await connect(front.url);
    const stream = await connection.createStream();
    await stream.publish('test');
    front.sockets[0]?.pause();
    const payload = new Uint8Array(1_000_000).map((_byte, at) => at % 251);
    let timestamp = 0;
    while (stream.sendVideo(timestamp, payload)) timestamp += 1;
    let drained = false;
    const draining = stream.drained().then(() => {
      drained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    front.sockets[0]?.resume();
    await draining;
    const media = () => server.peer.events.filter((event) => event.type === 'media');
    await server.until(() => media().length === timestamp + 1);
    expect(media().every(({ message }) => Buffer.from(payload).equals(message.payload))).toBe(true);
  });

  it('stops reading while what it has read is not taken, and goes on when it is', async () => {
    const { server, front } = await serve((event, session) => {
      acceptAll(event, session);
      if (event.type === 'call') session.respond(event.request, 'answer');
    });
    const connection = await connect(front.url, { maxQueuedBytes: 200_000 });
    const stream = await connection.createStream();
    await stream.play('test');
    const { session, flush } = server.peer;
    const count = 400;
    for (let timestamp = 0; timestamp < count; timestamp += 1) {
      const payload = new Uint8Array(100_000);
      session.sendMessage(6, { messageTypeId: messageTypes.video, timestamp, messageStreamId: stream.id, payload });
      flush();
    }
    await expect(connection.call('ask', [], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    let frames = 0;
    for await (const event of stream) {
      if (event.type === 'video') frames += 1;
      if (frames === count) break;
    }
    expect(await connection.call('ask')).toBe('answer');
  });

  it('reports why there is no connection', async () => {
    const placeholder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => placeholder.once('listening', resolve));
    const address = placeholder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await new Promise((resolve) => placeholder.close(resolve));
    const failed = { name: 'RtmpConnectionError', code: 'ERR_RTMP_CONNECT_FAILED' };
    await expect(NetConnection.connect(`ws://127.0.0.1:${port}/rtmp/live`)).rejects.toMatchObject({
      ...failed,
      cause: { code: 'ECONNREFUSED' },
    });

    const { front } = await serve();
    await expect(NetConnection.connect(front.url.replace('/rtmp', '/else/rtmp'))).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('400'),
    });

    const silent = await ScriptedServer.startRaw((socket) => socket.resume());
    closers.push(() => silent.close());
    const url = `ws://127.0.0.1:${silent.port}/rtmp/live`;
    await expect(NetConnection.connect(url, { timeoutMs: 20 })).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('not reached in 20 ms'),
    });
    const aborting = new AbortController();
    const connecting = NetConnection.connect(url, { signal: aborting.signal });
    aborting.abort(new Error('changed my mind'));
    await expect(connecting).rejects.toThrow('changed my mind');
    await silent.until(() => silent.connections === 0);
  });

  it.each([
    ['text', (socket: { send(data: string): void }) => socket.send('hello'), /sent text/],
    ['a code', (socket: { close(code: number, reason: string): void }) => socket.close(1008, 'no'), /code 1008: no/],
    ['no goodbye', (socket: { terminate(): void }) => socket.terminate(), /code 1006/],
  ])('is lost when the server answers with %s', async (_what, act, cause) => {
    const front = await WebSocketFront.start(act);
    closers.push(() => front.close());
    await expect(NetConnection.connect(front.url)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { message: expect.stringMatching(cause) },
    });
  });

  it('is closed by an orderly goodbye without a cause', async () => {
    const front = await WebSocketFront.start((socket) => socket.close(1001));
    closers.push(() => front.close());
    await expect(NetConnection.connect(front.url)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      message: 'the server closed the connection',
    });
  });
});

/** What a browser has: no pausing, no word when bytes are sent, no way to cut off. */
class BrowserSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readyState = 1;
  bufferedAmount = 0;
  sent: number[] = [];
  closedWith: (number | undefined)[] = [];
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes.length);
    this.bufferedAmount += bytes.length;
  }

  close(code?: number): void {
    this.readyState = 2;
    this.closedWith.push(code);
  }

  tell(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  message(...bytes: number[]): void {
    this.tell('message', { data: Uint8Array.from(bytes).buffer });
  }
}

describe('WebSocketConnection in a browser', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function start() {
    const socket = new BrowserSocket();
    const connection = new WebSocketConnection(socket);
    const got: number[] = [];
    const told: string[] = [];
    connection.start({
      onBytes: (bytes) => void got.push(...bytes),
      onDrain: () => void told.push('drained'),
      onClose: (cause) => void told.push(`closed: ${cause?.message ?? 'in order'}`),
    });
    return { socket, connection, got, told };
  }

  it('cuts large writes, and looks whether they are sent until they are', () => {
    const { socket, connection, told } = start();
    connection.write(new Uint8Array(600_000));
    expect(socket.sent).toEqual([262_144, 262_144, 75_712]);
    expect(connection.behind).toBe(true);
    vi.advanceTimersByTime(100);
    expect(told).toEqual([]);
    socket.bufferedAmount = 0;
    vi.advanceTimersByTime(10);
    expect(told).toEqual(['drained']);
    expect(connection.behind).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps what comes while nothing is read, in order', async () => {
    const { socket, connection, got } = start();
    socket.message(1);
    connection.setReading(false);
    socket.message(2);
    socket.message(3);
    expect(got).toEqual([1]);
    connection.setReading(true);
    socket.message(4);
    await Promise.resolve();
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it('delivers what came before the end, then tells of it', async () => {
    const { socket, connection, got, told } = start();
    connection.setReading(false);
    socket.message(1, 2);
    socket.tell('close', { code: 1000, reason: '', wasClean: true });
    expect(told).toEqual([]);
    connection.setReading(true);
    await Promise.resolve();
    expect(got).toEqual([1, 2]);
    expect(told).toEqual(['closed: in order']);
    expect(connection.closed).toBe(true);
  });

  it('gives up when 64 MiB are not read', () => {
    const { socket, connection, told } = start();
    connection.setReading(false);
    const data = new ArrayBuffer(16 * 1024 * 1024);
    for (let i = 0; i < 4; i += 1) socket.tell('message', { data });
    expect(told).toEqual([]);
    socket.message(1);
    expect(told).toEqual(['closed: 67108864 bytes were not read']);
    expect(socket.closedWith).toEqual([undefined]);
  });

  it('is over at once when it is destroyed, and says so once', () => {
    const { socket, connection, got, told } = start();
    connection.write(new Uint8Array(600_000));
    connection.destroy();
    socket.message(1);
    socket.tell('close', { code: 1006, reason: '', wasClean: false });
    connection.write(Uint8Array.of(1));
    expect(got).toEqual([]);
    expect(told).toEqual(['closed: in order']);
    expect(socket.sent).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reports a WebSocket that may not be made', async () => {
    const forbidden = (): never => {
      throw new Error('an insecure WebSocket on a secure page');
    };
    const url = parseRtmpUrl('ws://host/rtmp/live');
    await expect(openWebSocket(forbidden, url, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
      message: expect.stringContaining('secure page'),
    });
    const socket = new BrowserSocket();
    const opening = openWebSocket(() => socket, url, { timeoutMs: 0 });
    socket.tell('error');
    socket.tell('close', { code: 1006, reason: '', wasClean: false });
    await expect(opening).rejects.toMatchObject({ message: 'host port 80: the WebSocket could not be opened' });
  });
});
