import { AmfObject } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type AppHandlers, defineApp, reject } from '../src/app/index.js';
import { Attached, attach, danmuOf, headerOf } from './service-scene.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serverWith(handlers: AppHandlers, settings: readonly string[] = []): Promise<TestServer> {
  server = await startTestServer(
    ['live.maxWindowMs=0', 'service.memberMessagesPerSecond=1000', ...settings],
    defineApp(handlers),
  );
  return server;
}

describe('onService', () => {
  it('decides who attaches, and onServiceLeft is told once', async () => {
    const calls: string[] = [];
    const running = await serverWith({
      onPlay: () => {
        calls.push('play');
      },
      async onService(client, { name, query }) {
        calls.push(`${client.app} ${name} ${query.get('ticket')}`);
        if (query.get('ticket') !== 'gold') throw reject('No ticket.');
      },
      onServiceLeft: (_client, { name }) => void calls.push(`left ${name}`),
    });
    const client = await running.connected('chat');
    const refused = await attach(client, 'room');
    expect(refused.code).toBe('NetStream.Serve.Error');
    const attached = await attach(client, 'room?ticket=gold');
    expect(attached.code).toBe('NetStream.Serve.Create');
    expect((await Attached.open(running, 'room?ticket=gold', 'chat')).code).toBe('NetStream.Serve.Attache');
    client.sendCommand('closeStream', 0, [null], attached.messageStreamId);
    await client.barrier();
    expect(calls).toEqual(['chat room null', 'chat room gold', 'chat room gold', 'left room']);
  });

  it('leaves nothing behind of a client that goes while it decides', async () => {
    let decide = (): void => undefined;
    const asked: string[] = [];
    const left: string[] = [];
    const running = await serverWith({
      onService: (_client, { name }) =>
        new Promise<void>((resolve) => {
          asked.push(name);
          decide = resolve;
        }),
      onServiceLeft: (_client, { name }) => void left.push(name),
    });
    const client = await running.connected();
    const id = await client.createStream();
    client.sendCommand('serve', 0, [null, 'slow'], id);
    await expect.poll(() => asked).toEqual(['slow']);
    client.destroy();
    await client.closed;
    decide();
    await expect.poll(() => left).toEqual(['slow']);
  });
});

describe('onDanmu', () => {
  it('accepts, changes and refuses, in the order in which the danmu came, however long it takes', async () => {
    const waiting: (() => void)[] = [];
    const running = await serverWith({
      onDanmu: (_client, { name }, danmu) => {
        if (danmu.content === 'slow') return new Promise<void>((resolve) => waiting.push(resolve));
        if (danmu.content === 'rude') throw reject('Be polite.');
        if (danmu.content === 'shout') return `quiet in ${name}`;
        if (danmu.content === 'rename') return { userId: 'bob' };
        if (danmu.content === 'broken') return { priority: 1, userId: 7 } as never;
        return undefined;
      },
    });
    const sender = await Attached.open(running, 'room');
    const other = await Attached.open(running, 'room');
    for (const text of ['slow', 'plain', 'rude', 'shout', 'rename', 'broken', 'end']) sender.say(text);
    await sender.client.barrier();
    await other.client.barrier();
    expect(other.texts).toEqual([]);
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.();
    expect(await sender.refusal()).toBe('Be polite.');
    expect(await sender.refusal()).toBe('The application failed.');
    for (let i = 0; i < 3; i += 1) await other.next();
    const renamed = await other.next();
    expect(renamed.values[3]).toEqual(danmuOf('rename', { userId: 'bob' }));
    await other.next();
    expect(other.texts).toEqual(['slow', 'plain', 'quiet in room', 'rename', 'end']);
  });

  it('refuses what takes too long, and what is too much to wait', async () => {
    const running = await serverWith({ onDanmu: () => new Promise(() => undefined) }, ['app.timeoutMs=50']);
    const sender = await Attached.open(running, 'room');
    for (let i = 0; i < 65; i += 1) sender.say(`${i}`);
    expect(await sender.refusal()).toBe('Too many messages wait for a decision.');
    expect(await sender.refusal()).toBe('The application did not decide in time.');
  });

  it('is not for other types: those are for onServiceMessage', async () => {
    const seen: unknown[] = [];
    const running = await serverWith({
      onServiceMessage(_client, service, { header, content }) {
        seen.push([service.name, header.serviceType, content]);
        if (header.serviceType === 6) throw reject('Not that.');
        return new AmfObject([['changed', true]]);
      },
    });
    const sender = await Attached.open(running, 'room');
    const other = await Attached.open(running, 'room');
    sender.say('a danmu');
    sender.send(headerOf({ serviceType: 5 }), 'what');
    sender.send(headerOf({ serviceType: 6 }), null);
    expect(await other.heard()).toBe('a danmu');
    expect((await other.next()).values[3]).toEqual(new AmfObject([['changed', true]]));
    expect(await sender.refusal()).toBe('Not that.');
    expect(seen).toEqual([
      ['room', 5, 'what'],
      ['room', 6, null],
    ]);
  });
});

describe('a service of the application', () => {
  it('sends to every member', async () => {
    const running = await serverWith({
      onDanmu(_client, service, { content }) {
        if (content === '!gift') service.broadcast({ serviceType: 12, content: 'gift', priority: 1 });
        else service.sendDanmu({ content: `${content}, says the server` });
        throw reject('done');
      },
    });
    const sender = await Attached.open(running, 'room');
    const other = await Attached.open(running, 'room');
    sender.say('hello');
    sender.say('!gift');
    for (const member of [sender, other]) {
      expect(await member.heard()).toBe('hello, says the server');
      const { values } = await member.next();
      expect((values[2] as AmfObject).get('serviceType')).toBe(12);
      expect(values[3]).toBe('gift');
    }
  });
});

describe('service.danmuPerSecond', () => {
  it('holds for a user on all connections', async () => {
    const running = await serverWith({}, ['service.danmuPerSecond=2']);
    const [first, second] = [await Attached.open(running, 'room'), await Attached.open(running, 'room')];
    first.say('1');
    first.say('2');
    await first.client.barrier();
    second.say('3');
    expect(await second.refusal()).toBe('Too many danmu: 2 a second are allowed for each user.');
    second.send(headerOf(), danmuOf('of another', { userId: 'bob' }));
    expect(await first.heard()).toBe('of another');
  });
});

describe('access', () => {
  it('who may not play a stream may not attach to its service', async () => {
    server = await startTestServer(['access.urlSecret=0123456789abcdef']);
    const client = await server.connected();
    const refused = await attach(client, 'room');
    expect(refused.code).toBe('NetStream.Serve.Error');
  });
});
