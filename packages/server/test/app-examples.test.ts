import { fileURLToPath } from 'node:url';
import { AmfObject, amfToPlain } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadApp } from '../src/index.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer | undefined;
beforeEach(() => {
  // Each test gets the example anew, with its state.
  vi.resetModules();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  server = undefined;
});

async function start(example: string): Promise<TestServer> {
  const file = fileURLToPath(new URL(`../../../examples/${example}`, import.meta.url));
  server = await startTestServer(['live.maxWindowMs=0'], await loadApp(file));
  return server;
}

async function resultOf(client: WireClient, name: string, ...args: (string | string[])[]): Promise<unknown> {
  const { values } = await client.call(name, [null, ...args]);
  if (values[0] === '_error') {
    const info = values[3];
    throw new Error(info instanceof AmfObject ? String(info.get('description')) : 'refused');
  }
  return JSON.parse(JSON.stringify(amfToPlain(values[3])));
}

/** The arguments of the next call of this name. */
async function called(client: WireClient, name: string): Promise<unknown> {
  const { values } = await client.nextMessage(({ type, values: [found] }) => type === 20 && found === name);
  return JSON.parse(JSON.stringify(values.slice(3).map(amfToPlain)));
}

async function refusal(client: WireClient, command: string, name: string, code: string): Promise<unknown> {
  client.sendCommand(command, 0, [null, name], await client.createStream());
  return (await client.status(code)).get('description');
}

describe('examples/chat.js', () => {
  it('carries what is said to everybody in the room', async () => {
    const to = await start('chat.js');
    const [ann, bob, eve] = [
      await to.connected('chat/one'),
      await to.connected('chat/one'),
      await to.connected('chat/two'),
    ];
    expect(await resultOf(ann, 'join', 'ann')).toEqual({ members: ['ann'], history: [] });
    await resultOf(ann, 'say', 'early');
    await expect(resultOf(bob, 'say', 'hello')).rejects.toThrow('Join first.');
    await expect(resultOf(bob, 'join', 'ann')).rejects.toThrow('ann is taken.');
    expect(await resultOf(bob, 'join', 'bob')).toEqual({
      members: ['ann', 'bob'],
      history: [{ name: 'ann', text: 'early' }],
    });
    expect(await called(ann, 'onJoin')).toEqual(['bob']);
    await resultOf(eve, 'join', 'eve');
    await resultOf(bob, 'say', 'hello');
    expect(await called(ann, 'onSay')).toEqual(['ann', 'early']);
    expect(await called(ann, 'onSay')).toEqual(['bob', 'hello']);
    expect(await called(bob, 'onSay')).toEqual(['bob', 'hello']);
    bob.reset();
    expect(await called(ann, 'onLeave')).toEqual(['bob']);
    await eve.barrier();
    expect(eve.received.some(({ values: [name] }) => name === 'onSay')).toBe(false);
  });
});

describe('examples/stream-keys.js', () => {
  it('lets in who has the key', async () => {
    vi.stubEnv('STREAM_KEYS', 'studio=k3y,stage=0ther=');
    const to = await start('stream-keys.js');
    const client = await to.connected();
    for (const name of ['studio', 'studio?key=0ther', 'nowhere?key=k3y', 'studio?key=']) {
      expect(await refusal(client, 'publish', name, 'NetStream.Publish.Denied')).toBe('The stream key is wrong.');
    }
    await client.publish('studio?key=k3y');
    await client.publish('stage?key=0ther%3D');
    await (await to.connected()).play('studio');
  });
});

describe('examples/viewer-limits.js', () => {
  it('refuses who is too many, and lets the next in when one leaves', async () => {
    vi.stubEnv('MAX_VIEWERS', '2');
    vi.stubEnv('MAX_PER_ADDRESS', '3');
    const to = await start('viewer-limits.js');
    const [first, second, third] = [await to.connected(), await to.connected(), await to.connected()];
    await first.play('a');
    await second.play('a');
    expect(await refusal(third, 'play', 'a', 'NetStream.Play.Failed')).toBe('Too many viewers; try again later.');
    await third.play('b');
    expect(await refusal(third, 'play', 'c', 'NetStream.Play.Failed')).toBe('Too many streams for one address.');
    first.sendCommand('deleteStream', 0, [null, 1]);
    await first.barrier();
    await third.play('a');
  });
});

describe('examples/poll.js', () => {
  it('counts votes and tells everybody', async () => {
    const to = await start('poll.js');
    const [one, other] = [await to.connected(), await to.connected()];
    await expect(resultOf(one, 'poll.open', 'Tea?')).rejects.toThrow('at least two options');
    await resultOf(one, 'poll.open', 'Tea?', ['tea', 'coffee']);
    expect(await called(other, 'onPoll')).toEqual([{ question: 'Tea?', options: ['tea', 'coffee'], counts: [0, 0] }]);
    await expect(resultOf(other, 'poll.vote', 'milk')).rejects.toThrow('Vote for one of: tea, coffee.');
    expect(await resultOf(other, 'poll.vote', 'tea')).toMatchObject({ counts: [1, 0] });
    await called(one, 'onPoll');
    expect(await called(one, 'onPoll')).toMatchObject([{ counts: [1, 0] }]);
    expect(await resultOf(one, 'poll.get')).toMatchObject({ counts: [1, 0] });
  });
});
