import { AmfObject, type AmfValue } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type AppClient, type AppDefinition, type AppsDefinition, defineApp, redirect, reject } from '../src/index.js';
import type { WireMessage } from './wire/chunk-reader.js';
import { gate } from './wire/gate.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(definition: AppDefinition | AppsDefinition, ...settings: string[]): Promise<TestServer> {
  server = await startTestServer(['live.maxWindowMs=0', ...settings], defineApp(definition));
  return server;
}

async function connect(to: TestServer, app = 'live'): Promise<{ client: WireClient; answer: WireMessage }> {
  const client = await to.handshaken();
  return { client, answer: await client.call('connect', [{ app, tcUrl: `rtmp://127.0.0.1/${app}` }]) };
}

function infoOf({ values: [, , , info] }: WireMessage): Record<string, AmfValue> {
  return info instanceof AmfObject ? Object.fromEntries(info.properties) : {};
}

describe('onConnect', () => {
  it('sees what the client says of itself', async () => {
    const seen: AppClient[] = [];
    const { handshaken } = await start({ onConnect: (client) => void seen.push(client) });
    const client = await handshaken();
    const members = {
      app: 'chat/room1',
      tcUrl: 'rtmp://h/chat/room1?token=a%20b',
      flashVer: 'WIN 1',
      pageUrl: 'http://p/',
    };
    await client.call('connect', [members, 'secret', 7]);
    const [{ query, ...seenClient } = {} as AppClient] = seen.map((one) => ({
      address: one.address,
      app: one.app,
      tcUrl: one.tcUrl,
      flashVer: one.flashVer,
      pageUrl: one.pageUrl,
      swfUrl: one.swfUrl,
      args: one.args,
      query: one.query.get('token'),
    }));
    expect(query).toBe('a b');
    expect(seenClient).toEqual({ ...members, address: '127.0.0.1', swfUrl: '', args: ['secret', 7] });
  });

  it.each([
    [reject('Not today.'), { code: 'NetConnection.Connect.Rejected', description: 'Not today.' }],
    [reject('Gone.', 'NetConnection.Connect.AppShutdown'), { code: 'NetConnection.Connect.AppShutdown' }],
    [
      new Error('secret of the database'),
      { code: 'NetConnection.Connect.Rejected', description: 'The application failed.' },
    ],
    ['no error at all', { code: 'NetConnection.Connect.Rejected', description: 'The application failed.' }],
  ])('refuses with what it throws: %s', async (thrown, expected) => {
    const { client, answer } = await connect(
      await start({
        onConnect() {
          throw thrown;
        },
      }),
    );
    expect(answer.values[0]).toBe('_error');
    expect(infoOf(answer)).toMatchObject({ level: 'error', ...expected });
    await client.closed;
  });

  it('redirects', async () => {
    const { answer } = await connect(
      await start({ onConnect: () => Promise.reject(redirect('rtmp://other.example/live')) }),
    );
    expect(infoOf(answer)).toMatchObject({ level: 'error', code: 'NetConnection.Connect.Rejected' });
    const { ex } = infoOf(answer);
    expect(ex instanceof AmfObject && Object.fromEntries(ex.properties)).toEqual({
      code: 302,
      redirect: 'rtmp://other.example/live',
    });
  });

  it('refuses when it takes too long, and tells the end of what it accepts too late', async () => {
    const decision = gate();
    const over = gate();
    const { answer } = await connect(
      await start({ onConnect: () => decision.passed, onDisconnect: () => over.open() }, 'app.timeoutMs=10'),
    );
    expect(infoOf(answer)).toMatchObject({ code: 'NetConnection.Connect.Rejected' });
    decision.open();
    await over.passed;
  });

  it('keeps what the client sends until it has decided', async () => {
    const decision = gate();
    const { handshaken } = await start({ onConnect: () => decision.passed });
    const client = await handshaken();
    client.sendCommand('connect', 1, [{ app: 'live' }]);
    client.sendCommand('createStream', 2, [null]);
    decision.open();
    expect((await client.answer(2)).values[3]).toBe(1);
    expect(client.received.map(({ values: [name] }) => name).filter(Boolean)).toEqual([
      '_result',
      'onBWDone',
      '_result',
    ]);
  });

  it('leaves nothing behind where the client goes before the decision', async () => {
    const decision = gate();
    const asked = gate();
    const over = gate();
    const { handshaken } = await start({
      onConnect() {
        asked.open();
        return decision.passed;
      },
      onDisconnect: () => over.open(),
    });
    const client = await handshaken();
    client.sendCommand('connect', 1, [{ app: 'live' }]);
    await asked.passed;
    client.reset();
    decision.open();
    await over.passed;
  });
});

describe('applications by name', () => {
  const apps = {
    apps: {
      open: {},
      closed: {
        onConnect() {
          throw reject('closed');
        },
      },
    },
  };

  it.each(['closed', 'closed/room1', '/closed/', 'closed?x=1', 'closed/_definst_'])(
    '%s finds its handlers',
    async (app) => {
      expect(infoOf((await connect(await start(apps), app)).answer)).toMatchObject({ description: 'closed' });
    },
  );

  it('leaves other names free', async () => {
    expect((await connect(await start(apps), 'live')).answer.values[0]).toBe('_result');
  });

  it('refuses other names where app.onlyKnown says so', async () => {
    const to = await start(apps, 'app.onlyKnown=true');
    const { client, answer } = await connect(to, 'live');
    expect(infoOf(answer)).toMatchObject({ level: 'error', code: 'NetConnection.Connect.InvalidApp' });
    await client.closed;
    expect((await connect(to, 'open/room')).answer.values[0]).toBe('_result');
  });

  it('knows every name where the application has none', async () => {
    expect((await connect(await start({}, 'app.onlyKnown=true'), 'any')).answer.values[0]).toBe('_result');
  });
});

describe('onDisconnect', () => {
  it('comes last, once, for clients that were let in', async () => {
    const told: string[] = [];
    const over = gate();
    const to = await start({
      onDisconnect() {
        told.push('disconnect');
        over.open();
      },
      onUnpublish: (_client, { name }) => void told.push(`unpublish ${name}`),
      onStop: (_client, { name }) => void told.push(`stop ${name}`),
    });
    const client = await to.connected();
    await client.publish('a');
    await client.play('b');
    client.reset();
    await over.passed;
    expect(told).toEqual(['unpublish a', 'stop b', 'disconnect']);
  });

  it('does not come for clients that were refused', async () => {
    const told: string[] = [];
    const to = await start({
      onConnect({ app }) {
        if (app === 'no') throw reject('no');
      },
      onDisconnect: ({ app }) => void told.push(app),
    });
    await (await connect(to, 'no')).client.closed;
    const { client } = await connect(to, 'yes');
    client.destroy();
    await expect.poll(() => told).toEqual(['yes']);
  });
});

describe('client.close', () => {
  it('says so, and closes', async () => {
    const to = await start({ procedures: { leave: (client) => client.close() } });
    const client = await to.connected();
    client.sendCommand('leave', 0, [null]);
    expect((await client.status('NetConnection.Connect.Closed')).get('level')).toBe('status');
    await client.closed;
  });
});
