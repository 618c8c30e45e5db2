import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAmf0, FlvDemuxer } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { digestsOf, type MediaMessage, TestPublisher } from './wire/test-publisher.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let folder: string;
const servers: TestServer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-record-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(...settings: readonly string[]): Promise<TestServer> {
  const server = await startTestServer([`media.dir=${folder}`, 'live.maxWindowMs=0', ...settings]);
  servers.push(server);
  return server;
}

async function publisherOf(server: TestServer, name: string, type: string): Promise<TestPublisher> {
  const client = await server.connected();
  const id = await client.createStream();
  client.sendCommand('publish', 0, [null, name, type], id);
  await client.status('NetStream.Publish.Start');
  return new TestPublisher(client, id);
}

function codesOf(client: WireClient): unknown[] {
  return client.received.flatMap((message) => statusOf(message)?.get('code') ?? []);
}

function sendSome(publisher: TestPublisher, seed = 1): void {
  publisher.video(0, avcHeader());
  publisher.audio(0, aacHeader());
  publisher.video(0, avcKey(seed));
  publisher.audio(10, aacFrame(seed));
  publisher.data(20, 'onTextData', { text: 'hello' });
  publisher.video(40, avcInter(seed));
}

/** What is in a file, without its head. */
function recorded(name: string): MediaMessage[] {
  const demuxer = new FlvDemuxer();
  demuxer.push(new Uint8Array(readFileSync(join(folder, name))));
  const messages: MediaMessage[] = [];
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) {
    if (item.kind === 'tag') messages.push({ type: item.tagType, timestamp: item.timestamp, payload: item.payload });
  }
  demuxer.end();
  return messages.slice(1);
}

describe('publish with a type that records', () => {
  it('keeps what is published, and tells when it begins and when the file is complete', async () => {
    const server = await start();
    const publisher = await publisherOf(server, 'show', 'record');
    await publisher.client.status('NetStream.Record.Start');
    publisher.client.sendMessage({
      type: 18,
      payload: encodeAmf0(['@setDataFrame', 'onMetaData', { width: 640 }]),
      messageStreamId: publisher.messageStreamId,
    });
    sendSome(publisher);
    publisher.client.sendCommand('closeStream', 0, [null], publisher.messageStreamId);
    const status = await publisher.client.status('NetStream.Record.Stop');
    expect(status.get('level')).toBe('status');
    const codes = codesOf(publisher.client).filter((code) => /Publish|Record/.test(String(code)));
    expect(codes).toEqual(['NetStream.Publish.Start', 'NetStream.Record.Start', 'NetStream.Record.Stop']);
    expect(digestsOf(recorded('live/show.flv'))).toEqual(digestsOf(publisher.sent));
  });

  it('completes the file of a publisher that is cut off', async () => {
    const server = await start();
    const publisher = await publisherOf(server, 'show', 'record');
    sendSome(publisher);
    await publisher.client.barrier();
    publisher.client.reset();
    await server.close();
    expect(digestsOf(recorded('live/show.flv'))).toEqual(digestsOf(publisher.sent));
  });

  it('refuses a name that no file can have, and publishes it live all the same', async () => {
    const server = await start();
    const publisher = await publisherOf(server, '../show', 'record');
    const status = await publisher.client.status('NetStream.Record.NoAccess');
    expect(status.get('level')).toBe('error');
    const player = await server.connected();
    await player.play('../show');
    publisher.video(0, avcKey(1));
    expect((await player.nextMedia()).type).toBe(9);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes on live when the disk has no room', async () => {
    const server = await start(`record.minFreeBytes=${Number.MAX_SAFE_INTEGER}`);
    const publisher = await publisherOf(server, 'show', 'record');
    const status = await publisher.client.status('NetStream.Record.Failed');
    expect(status.get('description')).toBe('The disk is full.');
    const player = await server.connected();
    await player.play('show');
    publisher.video(0, avcKey(1));
    expect((await player.nextMedia()).type).toBe(9);
  });

  it('is ended by a takeover, and the newcomer may append to the file at once', async () => {
    const server = await start('publish.takeover=replace');
    const first = await publisherOf(server, 'show', 'record');
    sendSome(first, 1);
    await first.client.barrier();
    const second = await publisherOf(server, 'show', 'append');
    sendSome(second, 2);
    await second.client.status('NetStream.Record.Start');
    second.client.sendCommand('closeStream', 0, [null], second.messageStreamId);
    await second.client.status('NetStream.Record.Stop');
    expect(recorded('live/show.flv')).toHaveLength(first.sent.length + second.sent.length);
  });
});

describe('record.streams', () => {
  it('records what is published live, and says so to no publisher', async () => {
    const server = await start('record.streams=live/sh*', 'record.file={name}.flv');
    const publisher = await TestPublisher.open(server, 'show');
    const other = await TestPublisher.open(server, 'other');
    sendSome(publisher);
    sendSome(other);
    await publisher.client.barrier();
    await other.client.barrier();
    await server.close();
    expect(readdirSync(folder).filter((name) => !name.startsWith('.'))).toEqual(['show.flv']);
    expect(digestsOf(recorded('show.flv'))).toEqual(digestsOf(publisher.sent));
    expect(codesOf(publisher.client)).not.toContain('NetStream.Record.Start');
  });
});
