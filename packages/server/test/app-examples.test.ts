import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AmfObject, amfToPlain, encodeFlvTag, encodeMetadata } from '@millrace/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
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

async function start(example: string, ...settings: string[]): Promise<TestServer> {
  const file = fileURLToPath(new URL(`../../../examples/${example}`, import.meta.url));
  server = await startTestServer(['live.maxWindowMs=0', ...settings], await loadApp(file));
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

describe('examples/recordings.js', () => {
  const demo = fileURLToPath(new URL('../assets/demo.flv', import.meta.url));
  const bytes = readFileSync(demo);
  const outside = mkdtempSync(join(tmpdir(), 'millrace-outside-'));
  const folder = mkdtempSync(join(tmpdir(), 'millrace-media-'));
  afterAll(() => {
    for (const made of [outside, folder]) rmSync(made, { recursive: true });
  });

  /** The file with metadata of its own in front of its tags. */
  function withDuration(duration: number): Buffer {
    const metadata = encodeFlvTag(18, 0, encodeMetadata({ duration }));
    return Buffer.concat([bytes.subarray(0, 13), metadata, bytes.subarray(13)]);
  }

  beforeAll(() => {
    mkdirSync(join(folder, 'live'));
    mkdirSync(join(folder, 'folder.flv'));
    copyFileSync(demo, join(folder, 'demo.flv'));
    copyFileSync(demo, join(outside, 'secret.flv'));
    writeFileSync(join(folder, 'live', 'a.flv'), withDuration(12.5));
    writeFileSync(join(folder, 'zero.flv'), withDuration(0));
    writeFileSync(join(folder, 'cut.flv'), bytes.subarray(0, -100));
    for (const [name, content] of Object.entries({ empty: '', header: bytes.subarray(0, 13), text: 'x'.repeat(100) })) {
      writeFileSync(join(folder, `${name}.flv`), content);
    }
    writeFileSync(join(folder, 'notes.txt'), 'x');
    symlinkSync(join(outside, 'secret.flv'), join(folder, 'link.flv'));
    symlinkSync(outside, join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'demo.flv'), join(folder, 'within.flv'));
  });

  it('lists the files of the folder, as demoService did', async () => {
    const to = await start('recordings.js', `media.dir=${folder}`);
    const list = await resultOf(await to.connected(), 'demoService.getListOfAvailableFLVs');
    const names = ['cut.flv', 'demo.flv', 'empty.flv', 'header.flv', 'text.flv', 'within.flv', 'zero.flv'];
    expect(Object.keys(list as object).sort()).toEqual(names);
    const { size, mtime } = statSync(join(folder, 'demo.flv'));
    expect(list).toMatchObject({ 'demo.flv': { name: 'demo.flv', size, lastModified: mtime.toISOString() } });
  });

  it.each([
    ['live/a', 12.5],
    ['live/a.flv', 12.5],
    ['flv:live/a', 12.5],
    // Neither has a duration in its metadata. ffprobe -show_packets: the last begins at 7.979.
    ['demo', 7.979],
    ['zero', 7.979],
    ['within', 7.979],
  ])('tells the length of %j', async (name, seconds) => {
    const to = await start('recordings.js', `media.dir=${folder}`);
    expect(await resultOf(await to.connected(), 'getStreamLength', name)).toBe(seconds);
  });

  it('knows nothing of what is not there, not a file, or not its business', async () => {
    const to = await start('recordings.js', `media.dir=${folder}`);
    const client = await to.connected();
    const names = ['nothing', '', 'folder', 'empty', 'header', 'text', 'cut', 'notes.txt', 'link', 'elsewhere/secret'];
    const around = [
      `../${outside.split('/').at(-1)}/secret`,
      join(outside, 'secret'),
      'live/../demo',
      'demo\0',
      'C:demo',
    ];
    for (const name of [...names, ...around]) {
      expect([name, await resultOf(client, 'getStreamLength', name)]).toEqual([name, 0]);
    }
    expect(await resultOf(client, 'getStreamLength', ['demo'])).toBe(0);
    expect(await resultOf(client, 'getStreamLength')).toBe(0);
  });
});
