import { createServer } from 'node:net';
import { messageTypes, type ServerEvent } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { type Intercept, TunnelFront } from '../test/tunnel-front.js';
import type { ConnectOptions } from './connect-options.js';
import { NetConnection } from './net-connection.js';
import { openTunnel } from './open-tunnel.js';
import { parseRtmpUrl } from './rtmp-url.js';
import { TunnelConnection } from './tunnel-connection.js';
import { TunnelHttp } from './tunnel-http.js';

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(script = acceptAll): Promise<{ server: ScriptedServer; front: TunnelFront; url: string }> {
  const server = await ScriptedServer.start(script);
  closers.push(() => server.close());
  const front = await TunnelFront.before(server.port);
  closers.push(() => front.close());
  return { server, front, url: `rtmpt://127.0.0.1:${front.port}/live` };
}

async function connect(url: string, options?: ConnectOptions): Promise<NetConnection> {
  const connection = await NetConnection.connect(url, options);
  closers.push(() => connection.close());
  return connection;
}

function mediaOf(events: readonly ServerEvent[]): Uint8Array[] {
  return events.filter((event) => event.type === 'media').map(({ message }) => message.payload);
}

describe('NetConnection in a tunnel', () => {
  it('opens, sends, asks and closes, one request after another on one connection', async () => {
    const { server, front, url } = await serve();
    const connection = await connect(`${url}/test`);
    expect(connection.url.streamName).toBe('test');
    expect(server.peer.events).toMatchObject([{ type: 'connect', request: { app: 'live', tcUrl: url } }]);
    await front.until(() => front.paths.filter((path) => path.startsWith('/idle')).length > 3);
    await connection.close();
    expect(await connection.closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_CLOSED' });
    const [open, ...rest] = front.paths;
    expect(open).toBe('/open/1');
    expect(rest).toEqual(rest.map((path, at) => `/${path.split('/')[1]}/the-id/${at}`));
    expect(front.commands.at(-1)).toBe('close');
    expect(front.connections).toBe(1);
  });

  it('publishes what was sent in one go in few requests, and says when that is with the server', async () => {
    const { server, front, url } = await serve();
    const connection = await connect(url);
    const stream = await connection.createStream();
    await stream.publish('test');
    const before = front.paths.length;
    const payloads = Array.from({ length: 30 }, (_, i) => new Uint8Array(i === 20 ? 1_500_000 : 3000).fill(i));
    const isKeepingUp = payloads.map((payload, at) => stream.sendVideo(at, payload));
    expect([isKeepingUp[0], isKeepingUp.at(-1)]).toEqual([true, false]);
    await stream.drained();
    expect(front.paths.slice(before).filter((path) => path.startsWith('/send')).length).toBeLessThan(15);
    expect(Math.max(...front.bodyLengths)).toBe(256 * 1024);
    await server.until(() => mediaOf(server.peer.events).length === payloads.length);
    const received = mediaOf(server.peer.events);
    expect(payloads.every((payload, at) => Buffer.compare(payload, received[at] ?? new Uint8Array(0)) === 0)).toBe(
      true,
    );
  });

  it('plays, however long the answers are', async () => {
    const { server, url } = await serve();
    const connection = await connect(url);
    const stream = await connection.createStream();
    await stream.play('test');
    const payloads = Array.from({ length: 20 }, (_, i) => new Uint8Array(i === 5 ? 5_000_000 : 50_000).fill(i));
    payloads.forEach((payload, timestamp) => {
      server.peer.session.sendMessage(6, {
        messageTypeId: messageTypes.video,
        timestamp,
        messageStreamId: 1,
        payload,
      });
      server.peer.flush();
    });
    const received: Uint8Array[] = [];
    for await (const event of stream) {
      if (event.type === 'video') received.push(event.payload);
      if (received.length === payloads.length) break;
    }
    expect(received.every((payload, at) => Buffer.compare(payload, payloads[at] ?? new Uint8Array(0)) === 0)).toBe(
      true,
    );
  });

  it('asks for nothing while nobody reads, and then goes on', async () => {
    const echo = await ScriptedServer.startRaw((socket) => socket.on('data', (bytes) => socket.write(bytes)));
    closers.push(() => echo.close());
    const front = await TunnelFront.before(echo.port);
    closers.push(() => front.close());
    const tunnel = await openTunnel(parseRtmpUrl(`rtmpt://127.0.0.1:${front.port}/live`), { timeoutMs: 0 });
    closers.push(() => tunnel.destroy());
    const count = (command: string, from = 0): number =>
      front.paths.slice(from).filter((path) => path.startsWith(`/${command}/`)).length;
    const received: number[] = [];
    tunnel.start({ onBytes: (bytes) => received.push(...bytes), onDrain: () => {}, onClose: () => {} });
    await front.until(() => count('idle') > 2);
    tunnel.setReading(false);
    const before = front.paths.length;
    for (const byte of [1, 2, 3]) {
      tunnel.write(Uint8Array.of(byte));
      await front.until(() => count('send') === byte);
    }
    // One may have been under way.
    expect(count('idle', before)).toBeLessThan(2);
    expect(received).toEqual([]);
    tunnel.setReading(true);
    await front.until(() => received.length === 3);
    expect(received).toEqual([1, 2, 3]);
  });

  it('sends all that waits before it closes, and nothing once it is cut off', async () => {
    const received: Buffer[] = [];
    const sink = await ScriptedServer.startRaw((socket) => socket.on('data', (bytes) => received.push(bytes)));
    closers.push(() => sink.close());
    const front = await TunnelFront.before(sink.port);
    closers.push(() => front.close());
    const open = () => openTunnel(parseRtmpUrl(`rtmpt://127.0.0.1:${front.port}/live`), { timeoutMs: 0 });
    const tunnel = await open();
    const causes: (Error | undefined)[] = [];
    const closed = new Promise<void>((resolve) => {
      tunnel.start({
        onBytes: () => {},
        onDrain: () => {},
        onClose: (cause) => {
          causes.push(cause);
          resolve();
        },
      });
    });
    for (let i = 0; i < 3; i += 1) tunnel.write(new Uint8Array(300_000).fill(i));
    tunnel.end();
    tunnel.write(Uint8Array.of(9));
    await closed;
    expect(front.commands).toEqual(['open', 'send', 'close']);
    await sink.until(() => sink.connections === 0);
    const all = Buffer.concat(received);
    expect([all.length, all[299_999], all[300_000], all[899_999]]).toEqual([900_000, 0, 1, 2]);

    const other = await open();
    const cutOff = new Promise((resolve) => {
      other.start({ onBytes: () => {}, onDrain: () => {}, onClose: resolve });
    });
    const before = front.paths.length;
    other.destroy();
    other.destroy();
    other.write(Uint8Array.of(1));
    expect(other.closed).toBe(true);
    expect([await cutOff, causes]).toEqual([undefined, [undefined]]);
    await (await open()).destroy();
    expect(front.paths.slice(before)).toEqual(['/open/1']);
  });

  it('goes on where the server has closed a connection that was not in use', async () => {
    const { front, url } = await serve();
    const connection = await connect(url);
    front.closeIdleConnections();
    await connection.createStream();
    front.closeIdleConnections();
    await connection.createStream();
  });

  it('is over when its tunnel is', async () => {
    const { front, url } = await serve();
    const connection = await connect(url);
    front.intercept = (_request, response) => {
      response.writeHead(404).end();
      return true;
    };
    expect(await connection.closed).toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { message: 'the server answered with status 404' },
    });
  });

  it('by RTMPTE is RTMPE in a tunnel, and nothing else answers it', async () => {
    const { url } = await serve();
    await expect(NetConnection.connect(url.replace('rtmpt:', 'rtmpte:'))).rejects.toMatchObject({
      cause: { code: 'ERR_RTMP_HANDSHAKE_VERSION' },
    });
  });
});

describe('a tunnel that does not come about', () => {
  const opening: [string, Intercept, string][] = [
    ['a status', (_request, response) => end(response.writeHead(404)), 'status 404'],
    ['a redirect', (_request, response) => end(response.writeHead(302, { location: '/open/2' })), 'status 302'],
    ['a page', (_request, response) => end(response.writeHead(200, { 'content-type': 'text/html' }), 'x'), 'text/html'],
    ['no id', (_request, response) => end(response.writeHead(200)), 'not that of RTMPT'],
    ['an id that none can be', (_request, response) => end(response.writeHead(200), '../x\n'), 'not that of RTMPT'],
    ['an id without end', (_request, response) => forever(response), 'not that of RTMPT'],
    ['half an answer', (_request, response) => half(response), '127.0.0.1 port'],
    ['a switch of protocols', (_request, response) => end(response.writeHead(101)), '127.0.0.1 port'],
  ];

  it.each(opening)('for %s', async (_name, intercept, reason) => {
    const { front, url } = await serve();
    front.intercept = intercept;
    await expect(NetConnection.connect(url)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
      message: expect.stringContaining(reason),
    });
    expect(front.paths).toEqual(['/open/1']);
  });

  it('for no answer in time, or an abort', async () => {
    const { front, url } = await serve();
    front.intercept = () => true;
    await expect(NetConnection.connect(url, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
      message: expect.stringContaining('not reached in 50 ms'),
    });
    const reason = new Error('enough');
    const aborter = new AbortController();
    const connecting = NetConnection.connect(url, { signal: aborter.signal });
    await front.until(() => front.paths.length === 2);
    aborter.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await expect(NetConnection.connect(url, { signal: aborter.signal })).rejects.toBe(reason);
  });

  it('for a server that is none, or speaks RTMP', async () => {
    const noise = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-x\r\n'),
    );
    await new Promise<void>((resolve) => noise.listen(0, '127.0.0.1', resolve));
    const address = noise.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await expect(NetConnection.connect(`rtmpt://127.0.0.1:${port}/live`)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
    });
    await new Promise((resolve) => noise.close(resolve));
    await expect(NetConnection.connect(`rtmpts://127.0.0.1:${port}/live`)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
    });
  });
});

describe('a tunnel whose server', () => {
  async function ended(intercept: Intercept): Promise<unknown> {
    const { front, url } = await serve();
    const connection = await connect(url);
    front.intercept = intercept;
    return await connection.closed;
  }

  it.each([
    ['redirects', (_request, response) => end(response.writeHead(307, { location: '/idle/x/1' })), 'status 307'],
    [
      'answers with a page',
      (_request, response) => end(response.writeHead(200, { 'content-type': 'text/html' })),
      'text',
    ],
    ['cuts its answer', (_request, response) => half(response), ''],
    ['is gone', (_request, response) => gone(response), ''],
  ] as [string, Intercept, string][])('%s breaks it', async (_name, intercept, reason) => {
    expect(await ended(intercept)).toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { message: expect.stringContaining(reason) },
    });
  });

  it('sends noise without end is let go', async () => {
    expect(await ended((_request, response) => forever(response))).toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { message: 'an answer is longer than 67108864 bytes' },
    });
  });

  it('answers with nothing at all is asked again', async () => {
    const { front, url } = await serve();
    const connection = await connect(url);
    front.intercept = (_request, response) => end(response.writeHead(200));
    const before = front.paths.length;
    await front.until(() => front.paths.length > before + 3);
    front.intercept = () => false;
    await connection.createStream();
  });

  it('asks not to be asked for four seconds hears at once what there is to say', async () => {
    const { front, url } = await serve();
    const connection = await connect(url);
    front.interval = 255;
    await front.until(() => front.paths.at(-1)?.startsWith('/idle') === true);
    connection.call('hello').catch(() => {});
    await front.until(() => front.paths.at(-1)?.startsWith('/send') === true);
  });

  it('does not answer is given up', async () => {
    const { front } = await serve();
    const url = parseRtmpUrl(`rtmpt://127.0.0.1:${front.port}/live`);
    front.intercept = () => true;
    const tunnel = new TunnelConnection(new TunnelHttp(url, { silenceTimeoutMs: 50 }), 'x');
    const cause = await new Promise((resolve) => {
      tunnel.start({ onBytes: () => {}, onDrain: () => {}, onClose: resolve });
    });
    expect(cause).toMatchObject({ message: 'no answer in 50 ms' });
    expect(tunnel.closed).toBe(true);
  });
});

function end(response: { end(text?: string): unknown }, text?: string): true {
  response.end(text);
  return true;
}

function gone(response: { destroy(): unknown }): true {
  response.destroy();
  return true;
}

function half(response: Parameters<Intercept>[1]): true {
  response.writeHead(200, { 'content-length': 10 });
  response.write('\u0001ab', () => response.destroy());
  return true;
}

function forever(response: Parameters<Intercept>[1]): true {
  response.writeHead(200);
  const more = (): void => {
    if (!response.destroyed) response.write(new Uint8Array(65_536).fill(0x41), more);
  };
  more();
  return true;
}
