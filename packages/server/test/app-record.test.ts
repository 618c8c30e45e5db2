import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AppDefinition, type AppRecording, defineApp, type PublishedAppStream } from '../src/index.js';
import { interFrame, keyFrame } from './flv-sample.js';
import { WebhookReceiver } from './webhook-receiver.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';

let folder: string;
let server: TestServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-app-record-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(definition: AppDefinition, ...settings: string[]): Promise<TestServer> {
  const own = ['live.maxWindowMs=0', 'publish.graceMs=0', `media.dir=${folder}`];
  server = await startTestServer([...own, ...settings], defineApp(definition));
  return server;
}

async function publish(to: TestServer, name: string, type = 'live'): Promise<TestPublisher> {
  const client = await to.connected();
  const id = await client.createStream();
  client.sendCommand('publish', 0, [null, name, type], id);
  await client.status('NetStream.Publish.Start');
  return new TestPublisher(client, id);
}

function send(publisher: TestPublisher, from: number, to: number): void {
  for (let at = from; at < to; at += 100) {
    publisher.video(at, (at % 1000 === 0 ? keyFrame(at) : interFrame(at)).payload);
  }
}

/** Those that are not the server's own business. */
const files = (): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('.'))
    .sort();

describe('stream.record', () => {
  it('records from the beginning, and says what came of it', async () => {
    const told: AppRecording[] = [];
    let recording: Promise<AppRecording> | undefined;
    const to = await start({
      onPublish(_client, stream) {
        recording = stream.record({ file: 'archive/{app}-{name}.flv' });
      },
      onRecord: (one) => void told.push(one),
    });
    const publisher = await publish(to, 'show');
    send(publisher, 0, 2000);
    publisher.deleteStream();
    const done = await recording;
    expect(done).toEqual({
      ...{ app: 'live', name: 'show', file: 'archive/live-show.flv', durationMs: 2000 },
      bytes: expect.any(Number),
    });
    expect(told).toEqual([done]);
    expect(existsSync(join(folder, 'archive', 'live-show.flv'))).toBe(true);
  });

  it('begins and ends while the stream goes on, and goes on in the same file', async () => {
    let stream: PublishedAppStream | undefined;
    const to = await start({
      onPublish(_client, published) {
        stream = published;
      },
    });
    const publisher = await publish(to, 'show');
    send(publisher, 0, 1000);
    await publisher.client.createStream();
    const first = stream?.record();
    send(publisher, 1000, 2000);
    await publisher.client.createStream();
    stream?.stopRecording();
    expect(await first).toMatchObject({ file: 'live/show.flv', durationMs: 1000 });
    const second = stream?.record({ type: 'append' });
    send(publisher, 2000, 3000);
    publisher.deleteStream();
    expect(await second).toMatchObject({ file: 'live/show.flv', durationMs: 2000 });
    await expect(stream?.record()).rejects.toMatchObject({ code: 'NetStream.Record.Failed' });
  });

  it('can refuse what the publisher asks for, and record something else', async () => {
    let recording: Promise<AppRecording> | undefined;
    const to = await start({
      onPublish(_client, stream) {
        stream.stopRecording();
        if (stream.name === 'other') recording = stream.record({ file: 'mine/{name}' });
      },
    });
    const refused = await publish(to, 'show', 'record');
    const status = await refused.client.status('NetStream.Record.NoAccess');
    expect(status.get('description')).toBe('This stream is not recorded.');
    send(refused, 0, 500);
    refused.deleteStream();
    const other = await publish(to, 'other', 'record');
    send(other, 0, 500);
    other.deleteStream();
    expect(await recording).toMatchObject({ file: 'mine/other.flv' });
    expect(files()).toEqual(['mine', 'mine/other.flv']);
  });

  it.each(['../out', '/etc/x', 'a/../../b', ''])('writes nothing outside: %j', async (file) => {
    let recording: Promise<AppRecording> | undefined;
    const to = await start({
      onPublish(_client, stream) {
        recording = stream.record({ file });
      },
    });
    const publisher = await publish(to, 'show');
    send(publisher, 0, 500);
    publisher.deleteStream();
    await expect(recording).rejects.toMatchObject({ name: 'RecordingError', code: 'NetStream.Record.NoAccess' });
    expect(files()).toEqual([]);
  });

  it('fails where nothing comes, or the publisher is refused; nobody has to care', async () => {
    const outcomes: Promise<AppRecording>[] = [];
    const to = await start({
      onPublish(_client, stream) {
        outcomes.push(stream.record({ file: `${stream.name}.flv` }));
        if (stream.name === 'bad') throw new Error('no');
      },
    });
    const empty = await publish(to, 'empty');
    empty.deleteStream();
    await expect(outcomes[0]).rejects.toThrow('There was nothing to record.');
    const client = await to.connected();
    client.sendCommand('publish', 0, [null, 'bad', 'live'], await client.createStream());
    await client.status('NetStream.Publish.BadName');
    await expect(outcomes[1]).rejects.toThrow('The stream was not published.');
    expect(files()).toEqual([]);
  });
});

it('a webhook is told of each file, by whose wish ever it was recorded', async () => {
  const receiver = new WebhookReceiver();
  await receiver.listen();
  const hooks = ['onConnect', 'onPublish', 'onUnpublish', 'onPlay', 'onStop'].map((one) => `webhooks.${one}=off`);
  const to = await start(
    {},
    `webhooks.url=${receiver.url}`,
    'record.streams=live/*',
    'record.file={name}.flv',
    ...hooks,
  );
  const publisher = await publish(to, 'show', 'record');
  send(publisher, 0, 1000);
  publisher.deleteStream();
  const [one, other] = await receiver.next(2);
  const recordings = [one, other].map((webhook) => JSON.parse(webhook?.text ?? ''));
  expect(recordings.map(({ recording }) => recording.file).sort()).toEqual(['live/show.flv', 'show.flv']);
  for (const { event, stream, recording } of recordings) {
    expect(event).toBe('on_record_done');
    expect(stream).toEqual({ app: 'live', name: 'show', path: '/live/show' });
    expect(recording).toMatchObject({ durationMs: 1000, bytes: expect.any(Number) });
  }
  await server?.close();
  server = undefined;
  await receiver.close();
});
