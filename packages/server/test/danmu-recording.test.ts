import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NetConnection as Connection, NetConnection, type ServiceStream } from '@millrace/client';
import { parseStoredMessage } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { urlSignature } from '../src/access/url-signature.js';
import { interFrame, keyFrame } from './flv-sample.js';
import { Attached, danmuOf, headerOf } from './service-scene.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import type { WireClient } from './wire/wire-client.js';

let folder: string;
let server: TestServer;
const connections: Connection[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-kept-'));
  server = await startTestServer(['live.maxWindowMs=0', 'publish.graceMs=0', `media.dir=${folder}`]);
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string): string => join(folder, 'live', name);

async function publish(name: string, type: string): Promise<{ client: WireClient; publisher: TestPublisher }> {
  const client = await server.connected();
  const id = await client.createStream();
  client.sendCommand('publish', 0, [null, name, type], id);
  await client.status('NetStream.Publish.Start');
  await client.status('NetStream.Record.Start');
  return { client, publisher: new TestPublisher(client, id) };
}

/** Sends a frame, and waits until it has arrived. */
async function frame({ client, publisher }: Awaited<ReturnType<typeof publish>>, timestamp: number): Promise<void> {
  const { payload } = timestamp % 1000 === 0 ? keyFrame(timestamp) : interFrame(timestamp);
  publisher.video(timestamp, payload);
  await client.createStream();
}

async function record(name: string, type: string, said: ReadonlyMap<number, string>, room: Attached): Promise<void> {
  const published = await publish(name, type);
  const listener = await Attached.open(server, name);
  for (const [timestamp, text] of said) {
    await frame(published, timestamp);
    room.say(text);
    await listener.heard();
  }
  await frame(published, 2_000);
  published.publisher.deleteStream();
  await published.client.status('NetStream.Record.Stop');
  listener.client.destroy();
}

function kept(name: string): string[] {
  const lines = readFileSync(fileOf(`${name}.danmu.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const stored = parseStoredMessage(line);
    return `${stored.mediaTimeMs} ${'danmu' in stored ? stored.danmu.content : JSON.stringify(stored.content)}`;
  });
}

async function ask(path: string, method = 'GET', port = server.httpPort): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/recordings/live/${path}`, { method });
  return [response.status, await response.text()];
}

/** Times and texts of JSON lines. */
const saidIn = (lines: string): string[] =>
  lines.split('\n').flatMap((line) => {
    if (line === '') return [];
    const stored = parseStoredMessage(line);
    return [`${stored.mediaTimeMs} ${'danmu' in stored ? stored.danmu.content : '?'}`];
  });

describe('GET /api/v1/recordings/PATH/danmu', () => {
  const said = new Map([
    [0, 'zero'],
    [400, 'four'],
    [1_500, 'late'],
  ]);

  it('gives what was said, whole or a part of it', async () => {
    await record('show', 'record', said, await Attached.open(server, 'show'));
    const [status, text] = await ask('show.flv/danmu');
    expect([status, text]).toEqual([200, readFileSync(fileOf('show.danmu.jsonl'), 'utf8')]);
    for (const [query, expected] of [
      ['start=0.4', ['400 four', '1500 late']],
      ['start=0.4&end=1.5', ['400 four']],
      ['start=-5&end=0.3999', ['0 zero']],
      ['limit=2', ['0 zero', '400 four']],
      ['limit=0', []],
      ['start=9', []],
    ] as const) {
      expect(saidIn((await ask(`show.flv/danmu?${query}`))[1]), query).toEqual(expected);
    }
    for (const query of ['start=', 'start=x', 'end=1e3', 'limit=-1', 'limit=', 'limit=1.5']) {
      expect((await ask(`show.flv/danmu?${query}`))[0], query).toBe(400);
    }
    expect(await ask('show.flv/danmu', 'HEAD')).toEqual([200, '']);
    expect((await ask('show.flv/danmu', 'DELETE'))[0]).toBe(405);
    expect(existsSync(fileOf('show.flv'))).toBe(true);
  });

  it('is nothing where nothing was said, and 404 where there is no recording', async () => {
    await record('show', 'record', new Map(), await Attached.open(server, 'show'));
    expect(await ask('show.flv/danmu')).toEqual([200, '']);
    writeFileSync(fileOf('alone.danmu.jsonl'), 'x\n');
    writeFileSync(join(folder, 'outside.danmu.jsonl'), '{}\n');
    for (const path of ['alone.flv', 'none.flv', '..%2foutside.flv', '../outside.flv', 'show', '.hidden.flv']) {
      expect((await ask(`${path}/danmu`))[0], path).toBe(404);
    }
  });

  it('is there while it is recorded, and for who may have the file alone', async () => {
    const published = await publish('show', 'record');
    await frame(published, 0);
    const [room, listener] = [await Attached.open(server, 'show'), await Attached.open(server, 'show')];
    room.say('now');
    await listener.heard();
    await vi.waitFor(async () => expect(saidIn((await ask('show.flv/danmu'))[1])).toEqual(['0 now']));
    const guarded = await startTestServer([
      `media.dir=${folder}`,
      'access.urlSecret=a-secret-of-some-length',
      'access.urlFor=play',
    ]);
    const closed = await startTestServer([`media.dir=${folder}`, 'access.apiFrom=192.0.2.1']);
    copyFileSync(fileOf('show.flv.part'), fileOf('copy.flv'));
    expect((await ask('copy.flv/danmu', 'GET', guarded.httpPort))[0]).toBe(401);
    const grant = { action: 'play', path: '/live/copy', expires: '4000000000', ip: '' } as const;
    const query = `expires=${grant.expires}&sign=${urlSignature('a-secret-of-some-length', grant)}`;
    expect((await ask(`copy.flv/danmu?${query}`, 'GET', guarded.httpPort))[0]).toBe(200);
    expect((await ask('copy.flv/danmu', 'GET', closed.httpPort))[0]).toBe(403);
    await guarded.close();
    await closed.close();
  });
});

describe('what is said while a stream is recorded', () => {
  it('is kept with the times of the recording, and replaced or continued with it', async () => {
    const room = await Attached.open(server, 'show');
    await record(
      'show',
      'record',
      new Map([
        [0, 'zero'],
        [400, 'four'],
        [1_500, 'late'],
      ]),
      room,
    );
    expect(kept('show')).toEqual(['0 zero', '400 four', '1500 late']);
    await record(
      'show',
      'append',
      new Map([
        [0, 'again'],
        [100, 'and on'],
      ]),
      room,
    );
    // The last frame before counts as long as the one before that.
    expect(kept('show')).toEqual(['0 zero', '400 four', '1500 late', '2500 again', '2600 and on']);
    await record('show', 'record', new Map([[0, 'new']]), room);
    expect(kept('show')).toEqual(['0 new']);
    await record('show', 'record', new Map(), room);
    expect(existsSync(fileOf('show.danmu.jsonl'))).toBe(false);
    expect(existsSync(fileOf('show.danmu.jsonl.part'))).toBe(false);
    expect(existsSync(fileOf('show.flv'))).toBe(true);
  });

  it('goes with a recording that a server before has left, and with one that is deleted', async () => {
    const room = await Attached.open(server, 'show');
    await record('show', 'record', new Map([[0, 'zero']]), room);
    await server.close();
    const line = readFileSync(fileOf('show.danmu.jsonl'), 'utf8');
    // Killed before the recording was complete, before what was said had its name, and before there was a recording.
    copyFileSync(fileOf('show.flv'), fileOf('early.flv.part'));
    writeFileSync(fileOf('early.danmu.jsonl.part'), line);
    copyFileSync(fileOf('show.flv'), fileOf('late.flv'));
    writeFileSync(fileOf('late.danmu.jsonl.part'), line);
    writeFileSync(fileOf('never.danmu.jsonl.part'), line);
    server = await startTestServer([`media.dir=${folder}`, 'access.apiFrom=127.0.0.1']);
    const names = (): string[] => readdirSync(join(folder, 'live')).sort();
    await vi.waitFor(() =>
      expect(names()).toEqual([
        ...['early.danmu.jsonl', 'early.flv', 'late.danmu.jsonl', 'late.flv', 'show.danmu.jsonl', 'show.flv'],
      ]),
    );
    expect(kept('early')).toEqual(['0 zero']);
    const api = `http://127.0.0.1:${server.httpPort}/api/v1/recordings/live/early.flv`;
    expect((await fetch(api, { method: 'DELETE' })).status).toBe(204);
    expect(names()).not.toContain('early.danmu.jsonl');
  });

  it('is deleted with what the server records by itself and does not keep', async () => {
    await server.close();
    const own = ['record.streams=live/*', 'record.file={app}/{name}.flv', 'record.keepBytes=1', 'publish.graceMs=0'];
    server = await startTestServer(['live.maxWindowMs=0', `media.dir=${folder}`, ...own]);
    const client = await server.connected();
    const publisher = new TestPublisher(client, await client.publish('show'));
    await frame({ client, publisher }, 0);
    const [room, listener] = [await Attached.open(server, 'show'), await Attached.open(server, 'show')];
    room.say('soon gone');
    await listener.heard();
    await vi.waitFor(() => expect(existsSync(fileOf('show.danmu.jsonl.part'))).toBe(true));
    publisher.deleteStream();
    await vi.waitFor(() => expect(readdirSync(join(folder, 'live'))).toEqual([]));
  });

  it('has messages of other services in it', async () => {
    const room = await Attached.open(server, 'show');
    const listener = await Attached.open(server, 'show');
    const published = await publish('show', 'record');
    await frame(published, 0);
    room.send(headerOf({ serviceType: 9 }), 'business');
    await listener.next();
    room.send(headerOf({ serviceType: 0 }), danmuOf('words'));
    await listener.next();
    await frame(published, 100);
    published.publisher.deleteStream();
    await published.client.status('NetStream.Record.Stop');
    expect(kept('show')).toEqual(['0 "business"', '0 words']);
  });

  it('is heard again by who plays the recording, where it was said', async () => {
    const room = await Attached.open(server, 'show');
    const said = new Map([
      [0, 'zero'],
      [300, 'three'],
      [1_500, 'late'],
      [1_800, 'later'],
    ]);
    await record('show', 'record', said, room);
    const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.port}/live`);
    connections.push(connection);
    const service: ServiceStream = await connection.serve('show');
    const heard: string[] = [];
    void (async () => {
      for await (const event of service) if (event.type === 'danmu') heard.push(event.danmu.content);
    })();
    // What was said before is what the room remembers.
    await vi.waitFor(() => expect(heard).toHaveLength(4));
    heard.length = 0;
    const stream = await connection.createStream();
    await stream.play('show', { startMs: 0 });
    await vi.waitFor(() => expect(heard).toEqual(['zero', 'three']), 5_000);
    stream.seek(1_700);
    await vi.waitFor(() => expect(heard).toEqual(['zero', 'three', 'later']), 5_000);
    // Nobody else hears it.
    expect(room.texts).toEqual([]);
  });
});
