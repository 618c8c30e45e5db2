import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type AppClient, type AppDefinition, CallError, defineApp, redirect, reject } from '../src/index.js';
import { closeOf } from './wire/close-of.js';
import { FlvClient, httpAnswer } from './wire/flv-client.js';
import { gate } from './wire/gate.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** With `live/a` published by a client that the application lets do everything. */
async function start(definition: AppDefinition, ...settings: string[]): Promise<TestServer> {
  server = await startTestServer(settings, defineApp(definition));
  const publisher = await server.connected();
  await publisher.publish('a', await publisher.createStream());
  return server;
}

/** Only for viewers over HTTP. */
function overHttp(decide: (client: AppClient) => void): (client: AppClient) => void {
  return (client) => {
    if (client.transport !== 'rtmp') decide(client);
  };
}

const ways = [
  ['http-flv', FlvClient.http],
  ['ws-flv', FlvClient.webSocket],
] as const;

describe.each(ways)('an application and its viewers over %s', (transport, watch) => {
  it('is told of all that they do, once', async () => {
    const seen: string[] = [];
    const gone = gate();
    const note = (what: string) => overHttp((client) => void seen.push(`${what} ${client.id === id ? '' : client.id}`));
    let id = '';
    const to = await start({
      onConnect: overHttp((client) => {
        id = client.id;
        seen.push(`${client.transport} ${client.app} ${client.query.get('k')} ${client.address} ${client.tls}`);
      }),
      onPlay: (client, { name, query }) => {
        note(`play ${name} ${query.get('k')}`)(client);
      },
      onStop: note('stop'),
      onDisconnect: (client) => {
        note('disconnect')(client);
        gone.open();
      },
    });
    const viewer = await watch(to.httpPort, '/live/a.flv?k=v');
    expect(seen).toEqual([`${transport} live v 127.0.0.1 false`, 'play a v ']);
    viewer.close();
    await gone.passed;
    expect(seen.slice(2)).toEqual(['stop ', 'disconnect ']);
  });

  it('lets them go', async () => {
    let client: AppClient | undefined;
    const to = await start({
      onPlay: overHttp((viewer) => {
        client = viewer;
      }),
    });
    const viewer = await watch(to.httpPort, '/live/a.flv');
    client?.close();
    await viewer.ended;
  });

  it('cannot call them, and learns so', async () => {
    let code: string | undefined;
    const to = await start({
      onPlay: overHttp((viewer) => {
        viewer.send('ignored');
        viewer.call('x').catch((error) => {
          code = error instanceof CallError ? error.code : String(error);
        });
      }),
    });
    await watch(to.httpPort, '/live/a.flv');
    await expect.poll(() => code).toBe('ERR_CALL_UNSUPPORTED');
  });

  it('keeps them out', async () => {
    const to = await start({ onPlay: overHttp(() => void throwIt(reject('Not today.'))) });
    await expect(watch(to.httpPort, '/live/a.flv')).rejects.toThrow('403');
  });

  it('is told the end of what it granted to one who has gone meanwhile', async () => {
    const decision = gate();
    const asked = gate();
    const ended = gate();
    const to = await start({
      async onPlay(client) {
        if (client.transport === 'rtmp') return;
        asked.open();
        await decision.passed;
      },
      onStop: () => ended.open(),
    });
    const socket = connect(to.httpPort, '127.0.0.1');
    const upgrade =
      transport === 'ws-flv'
        ? 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
        : '';
    socket.write(`GET /live/a.flv HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    await asked.passed;
    socket.resetAndDestroy();
    await closeOf(socket);
    decision.open();
    await ended.passed;
    expect(to.running.streams.published()[0]?.stream.playerCount).toBe(0);
  });
});

describe('an application and HTTP', () => {
  it('answers a refusal with 403 and the reason, on HEAD too, and before it says what exists', async () => {
    const to = await start({ onConnect: overHttp(() => void throwIt(reject('Members only.'))) });
    for (const path of ['/live/a.flv', '/live/missing.flv']) {
      const { status, body } = await httpAnswer(to.httpPort, 'GET', path);
      expect({ status, body: JSON.parse(body) }).toEqual({
        status: 403,
        body: { error: 'forbidden', message: 'Members only.' },
      });
    }
    expect((await httpAnswer(to.httpPort, 'HEAD', '/live/a.flv')).status).toBe(403);
  });

  it('answers a redirection with 302 where HTTP can follow it', async () => {
    let target = 'https://other.example/live/a.flv';
    const to = await start({ onConnect: overHttp(() => void throwIt(redirect(target))) });
    const { status, headers } = await httpAnswer(to.httpPort, 'GET', '/live/a.flv');
    expect([status, headers.location]).toEqual([302, target]);
    target = 'rtmp://other.example/live';
    expect((await httpAnswer(to.httpPort, 'GET', '/live/a.flv')).status).toBe(403);
  });

  it('tells onStop at once where nothing is published by that name', async () => {
    const seen: string[] = [];
    const to = await start({
      onPlay: overHttp(() => void seen.push('play')),
      onStop: overHttp(() => void seen.push('stop')),
      onDisconnect: overHttp(() => void seen.push('disconnect')),
    });
    expect((await httpAnswer(to.httpPort, 'GET', '/live/missing.flv')).status).toBe(404);
    await expect.poll(() => seen).toEqual(['play', 'stop', 'disconnect']);
    const socket = new WebSocket(`ws://127.0.0.1:${to.httpPort}/live/missing.flv`);
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('404');
    await expect.poll(() => seen.length).toBe(6);
  });
});

function throwIt(error: Error): never {
  throw error;
}
