import { AmfObject, type AmfValue, encodeAmf0 } from '@millrace/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AppClient, type AppDefinition, CallError, defineApp, reject } from '../src/index.js';
import type { WireMessage } from './wire/chunk-reader.js';
import { gate } from './wire/gate.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { concat, message } from './wire/wire-bytes.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(definition: AppDefinition, ...settings: string[]): Promise<TestServer> {
  server = await startTestServer(settings, defineApp(definition));
  return server;
}

function infoOf({ values: [, , , info] }: WireMessage): Record<string, AmfValue> {
  return info instanceof AmfObject ? Object.fromEntries(info.properties) : {};
}

function command(name: string, transactionId: number): Uint8Array {
  const payload = encodeAmf0([name, transactionId, null]);
  return message({ chunkStreamId: 3, timestamp: 0, type: 20, messageStreamId: 0, payload });
}

describe('procedures', () => {
  it('answer with what they return or resolve to', async () => {
    const to = await start({
      procedures: {
        add: (_client, a, b) => Number(a) + Number(b),
        'demo.list': async () => [{ name: 'a', length: 3 }],
        nothing: () => undefined,
      },
    });
    const client = await to.connected();
    const id = client.nextTransactionId();
    client.sendCommand('add', id, [null, 2, 3]);
    expect((await client.answer(id)).values).toEqual(['_result', id, null, 5]);
    const [list] = (await client.call('demo.list', [null])).values.slice(3);
    expect(Array.isArray(list) && list[0] instanceof AmfObject && list[0].get('name')).toBe('a');
    expect((await client.call('nothing', [null])).values.slice(3)).toEqual([undefined]);
  });

  it.each([
    ['refused', { code: 'NetConnection.Call.Failed', description: 'Not you.' }],
    ['prohibited', { code: 'NetConnection.Call.Prohibited', description: 'No.' }],
    ['broken', { code: 'NetConnection.Call.Failed', description: 'The call failed.' }],
    ['unsendable', { code: 'NetConnection.Call.Failed', description: 'The call failed.' }],
    ['endless', { code: 'NetConnection.Call.Failed', description: 'The call failed.' }],
    ['missing', { code: 'NetConnection.Call.Failed', description: 'Method not found (missing).' }],
    ['constructor', { code: 'NetConnection.Call.Failed', description: 'Method not found (constructor).' }],
    ['__proto__', { code: 'NetConnection.Call.Prohibited', description: '__proto__ cannot be called.' }],
    ['_private', { code: 'NetConnection.Call.Prohibited', description: '_private cannot be called.' }],
    ['demo._private', { code: 'NetConnection.Call.Prohibited' }],
    ['onConnect', { code: 'NetConnection.Call.Prohibited', description: 'onConnect cannot be called.' }],
    ['onData', { code: 'NetConnection.Call.Prohibited' }],
    ['onAppStart', { code: 'NetConnection.Call.Prohibited' }],
  ])('%s: _error, and the connection goes on', async (name, info) => {
    const to = await start(
      {
        procedures: {
          refused: () => Promise.reject(reject('Not you.')),
          prohibited() {
            throw reject('No.', 'NetConnection.Call.Prohibited');
          },
          broken() {
            throw new Error('password of the database');
          },
          unsendable: () => Symbol('a') as unknown as string,
          endless: () => new Promise<string>(() => undefined),
        },
      },
      'app.timeoutMs=10',
    );
    const client = await to.connected();
    const answer = await client.call(name, [null]);
    expect(answer.values[0]).toBe('_error');
    expect(infoOf(answer)).toMatchObject({ level: 'error', ...info });
    await client.barrier();
  });

  it('that are prohibited are so without any application, too', async () => {
    server = await startTestServer();
    const client = await server.connected();
    expect(infoOf(await client.call('_private', [null])).code).toBe('NetConnection.Call.Prohibited');
    expect(infoOf(await client.call('onConnect', [null])).code).toBe('NetConnection.Call.Prohibited');
    expect(infoOf(await client.call('missing', [null])).code).toBe('NetConnection.Call.Failed');
  });

  it('stand instead of the answers that the session gives itself', async () => {
    const to = await start({ procedures: { getStreamLength: (_client, name) => (name === 'a' ? 12.5 : 0) } });
    const client = await to.connected();
    expect((await client.call('getStreamLength', [null, 'a'])).values[3]).toBe(12.5);
    expect((await client.call('_checkbw', [null])).values).toMatchObject([
      '_result',
      expect.any(Number),
      null,
      undefined,
    ]);
  });

  it.each(['n', '_'])('do not repeat a long name: %s…', async (first) => {
    const to = await start({});
    const client = await to.connected();
    const answer = await client.call(first.padEnd(70_000, 'n'), [null]);
    expect(answer.values[0]).toBe('_error');
    expect(answer.payload.length).toBeLessThan(500);
  });

  it('answer nothing where the client wants no answer', async () => {
    const called = gate();
    const to = await start({ procedures: { tell: () => called.open() } });
    const client = await to.connected();
    client.sendCommand('tell', 0, [null]);
    client.sendCommand('missing', 0, [null]);
    await called.passed;
    await client.barrier();
    expect(client.received.filter(({ type, values: [, id] }) => type === 20 && id === 0)).toHaveLength(1); // onBWDone
  });

  it('run only so many at a time for one client', async () => {
    const decision = gate();
    let running = 0;
    const to = await start({
      procedures: {
        wait() {
          running += 1;
          return decision.passed;
        },
      },
    });
    const client = await to.connected();
    for (let i = 0; i < 100; i += 1) client.sendCommand('wait', 0, [null]);
    await client.barrier();
    expect(running).toBe(64);
    decision.open();
    const last = await client.call('wait', [null]);
    expect([running, last.values[0]]).toEqual([101, '_result']);
  });

  it('tell null from undefined', async () => {
    const to = await start({ procedures: { echo: (_client, value) => value } });
    const client = await to.connected();
    expect((await client.call('echo', [null, null])).values.slice(3)).toEqual([null]);
    expect((await client.call('echo', [null, undefined])).values.slice(3)).toEqual([undefined]);
  });

  it('answer every one of thousands of calls that come at once', async () => {
    const to = await start({ procedures: { echo: async (_client, value) => value } });
    const client = await to.connected();
    client.socket.cork();
    for (let i = 0; i < 5000; i += 1) client.sendCommand('echo', 100 + i, [null, i]);
    client.socket.uncork();
    for (let i = 0; i < 5000; i += 1) expect((await client.answer(100 + i)).values[3]).toBe(i);
  });

  it('can each ask the client back, however many wait', async () => {
    const to = await start({
      procedures: { ask: async (app, value) => (await app.call('back', [Number(value)])) ?? null },
    });
    const client = await to.connected();
    client.socket.cork();
    for (let i = 0; i < 1500; i += 1) client.sendCommand('ask', 1000 + i, [null, i]);
    client.socket.uncork();
    for (let i = 0; i < 1500; i += 1) {
      const { values } = await client.nextMessage(({ values: [name] }) => name === 'back');
      client.sendCommand('_result', Number(values[1]), [null, Number(values[3])]);
    }
    for (let i = 0; i < 1500; i += 1) expect((await client.answer(1000 + i)).values[3]).toBe(i);
  });

  it('leave a client that calls without end waiting, and go on with it', async () => {
    const decision = gate();
    let running = 0;
    const to = await start({
      procedures: {
        wait() {
          running += 1;
          return decision.passed;
        },
      },
    });
    const client = await to.connected();
    const calls = concat(...Array.from({ length: 20_000 }, () => command('wait', 0)));
    const sent = client.writeAll(calls, calls, calls);
    await (await to.connected()).barrier();
    expect(running).toBeLessThanOrEqual(64);
    decision.open();
    await sent;
    await client.barrier();
    expect(running).toBe(60_000);
  });

  it('survive a client that goes before the answer', async () => {
    const decision = gate();
    const asked = gate();
    const to = await start({
      procedures: {
        wait() {
          asked.open();
          return decision.passed;
        },
      },
    });
    const client = await to.connected();
    client.sendCommand('wait', 5, [null]);
    await asked.passed;
    client.reset();
    await client.closed;
    decision.open();
    await (await to.connected()).barrier();
  });
});

describe('client.call', () => {
  const clients: AppClient[] = [];
  async function connected() {
    clients.length = 0;
    const to = await start({ onConnect: (client) => void clients.push(client) });
    const wire = await to.connected();
    const [client] = clients;
    if (client === undefined) throw new Error('no client');
    return { wire, client };
  }

  function codeOf(call: Promise<unknown>): Promise<unknown> {
    return call.then(
      () => 'resolved',
      (error) => error instanceof CallError && error.code,
    );
  }

  it('resolves to what the client answers', async () => {
    const { wire, client } = await connected();
    const answer = client.call('ask', ['how', { many: 1 }]);
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    const [, id, object, how] = values;
    expect([typeof id, object, how]).toEqual(['number', null, 'how']);
    wire.sendCommand('_result', Number(id), [null, 42]);
    expect(await answer).toBe(42);
  });

  it('rejects with what the client refuses with', async () => {
    const { wire, client } = await connected();
    const answer = client.call('ask');
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    wire.sendCommand('_error', Number(values[1]), [null, { code: 'NetConnection.Call.Failed', description: 'no' }]);
    await expect(answer).rejects.toMatchObject({ code: 'ERR_CALL_REFUSED', message: 'ask: no' });
  });

  it('rejects when the client takes too long, and does not mind a late answer', async () => {
    const { wire, client } = await connected();
    expect(await codeOf(client.call('ask', [], { timeoutMs: 5 }))).toBe('ERR_CALL_TIMEOUT');
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    wire.sendCommand('_result', Number(values[1]), [null, 42]);
    await wire.barrier();
  });

  it('waits without end where it is told to', async () => {
    const { wire, client } = await connected();
    const answer = client.call('ask', [], { timeoutMs: Number.POSITIVE_INFINITY });
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    await wire.barrier();
    await expect(client.call('late', [], { timeoutMs: 5 })).rejects.toMatchObject({ code: 'ERR_CALL_TIMEOUT' });
    wire.sendCommand('_result', Number(values[1]), [null, 42]);
    expect(await answer).toBe(42);
  });

  it('rejects when the client goes', async () => {
    const { wire, client } = await connected();
    const answer = codeOf(client.call('ask'));
    wire.reset();
    expect(await answer).toBe('ERR_CALL_CLOSED');
    expect(client.connected).toBe(false);
    expect(await codeOf(client.call('ask'))).toBe('ERR_CALL_CLOSED');
    client.send('tell');
    client.close();
  });

  it('rejects all that wait when the application closes the connection', async () => {
    const { wire, client } = await connected();
    const answers = [client.call('ask'), client.call('ask', [], { timeoutMs: 60_000 })].map(codeOf);
    client.close();
    expect(await Promise.all(answers)).toEqual(['ERR_CALL_CLOSED', 'ERR_CALL_CLOSED']);
    await wire.closed;
  });

  it('rejects with the reason of a signal, and does not mind a late answer', async () => {
    const { wire, client } = await connected();
    const aborting = new AbortController();
    const answer = client.call('ask', [], { signal: aborting.signal });
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    aborting.abort(new Error('changed my mind'));
    await expect(answer).rejects.toThrow('changed my mind');
    wire.sendCommand('_result', Number(values[1]), [null, 42]);
    await wire.barrier();
    await expect(client.call('never sent', [], { signal: aborting.signal })).rejects.toThrow('changed my mind');
    await wire.barrier();
    expect(wire.received.some(({ values: [name] }) => name === 'never sent')).toBe(false);
  });

  it('lets go of a signal when it is answered', async () => {
    const { wire, client } = await connected();
    const { signal } = new AbortController();
    const listening = new Set<unknown>();
    vi.spyOn(signal, 'addEventListener').mockImplementation((_type, listener) => listening.add(listener));
    vi.spyOn(signal, 'removeEventListener').mockImplementation((_type, listener) => listening.delete(listener));
    const answer = client.call('ask', [], { signal });
    expect(listening.size).toBe(1);
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'ask');
    wire.sendCommand('_result', Number(values[1]), [null, 42]);
    await answer;
    expect(listening.size).toBe(0);
  });

  it('is refused before the client is let in', async () => {
    const codes: unknown[] = [];
    const to = await start({
      async onConnect(client) {
        client.send('too-early');
        codes.push(client.connected, await codeOf(client.call('too-early')));
      },
    });
    const wire = await to.connected();
    await wire.barrier();
    expect(codes).toEqual([false, 'ERR_CALL_NOT_CONNECTED']);
    expect(wire.received.some(({ values: [name] }) => name === 'too-early')).toBe(false);
  });

  it('rejects what cannot be sent, and too many that wait', async () => {
    const { client } = await connected();
    await expect(client.call('ask', [Symbol('a') as unknown as string])).rejects.toThrow('cannot carry');
    const waiting = Array.from({ length: 64 }, () => codeOf(client.call('ask')));
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'ERR_RTMP_PENDING_CALLS' });
    client.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ERR_CALL_CLOSED']));
  });
});

describe('client.send', () => {
  it('wants no answer', async () => {
    const to = await start({ procedures: { hello: (client) => client.send('room.hello', ['you']) } });
    const wire = await to.connected();
    wire.sendCommand('hello', 0, [null]);
    const { values } = await wire.nextMessage(({ values: [name] }) => name === 'room.hello');
    expect(values).toEqual(['room.hello', 0, null, 'you']);
  });
});
