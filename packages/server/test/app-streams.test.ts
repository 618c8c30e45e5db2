import { afterEach, describe, expect, it } from 'vitest';
import { type AppData, type AppDefinition, defineApp, reject } from '../src/index.js';
import { gate } from './wire/gate.js';
import { avcHeader, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { mediaOf, TestPublisher } from './wire/test-publisher.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(definition: AppDefinition, ...settings: string[]): Promise<TestServer> {
  server = await startTestServer(['live.maxWindowMs=0', ...settings], defineApp(definition));
  return server;
}

describe('onPublish', () => {
  it('decides by name and query', async () => {
    const to = await start({
      onPublish(_client, { name, query, type }) {
        if (name !== 'studio' || query.get('key') !== 'x y' || type !== 'live') throw reject('Wrong key.');
      },
    });
    const client = await to.connected();
    const id = await client.createStream();
    client.sendCommand('publish', 0, [null, 'studio?key=wrong', 'live'], id);
    const refused = await client.status('NetStream.Publish.BadName');
    expect(refused.get('description')).toBe('Wrong key.');
    expect(refused.get('level')).toBe('error');
    expect(to.running.streams.nameCount).toBe(0);
    await client.publish('studio?key=x%20y', id);
    expect(to.running.streams.published().map(({ path }) => path)).toEqual(['/live/studio']);
  });

  it.each([
    [reject('No.', 'NetStream.Publish.Denied'), 'NetStream.Publish.Denied', 'No.'],
    [new TypeError('secret'), 'NetStream.Publish.BadName', 'The application failed.'],
  ])('refuses with %s; the connection goes on', async (thrown, code, description) => {
    const to = await start({
      onPublish() {
        throw thrown;
      },
    });
    const client = await to.connected();
    client.sendCommand('publish', 0, [null, 'a', 'live'], await client.createStream());
    expect((await client.status(code)).get('description')).toBe(description);
    await client.barrier();
  });

  it('keeps the media that comes before the answer', async () => {
    const decision = gate();
    const to = await start({ onPublish: () => decision.passed });
    const player = await to.connected();
    await player.play('a');
    const client = await to.connected();
    const publisher = new TestPublisher(client, await client.createStream());
    client.sendCommand('publish', 0, [null, 'a', 'live'], publisher.messageStreamId);
    publisher.video(0, avcHeader());
    // More than is taken from the kernel while the application decides.
    for (let i = 0; i < 10; i += 1) publisher.video(40 * i, avcKey(i, 100_000));
    decision.open();
    await client.status('NetStream.Publish.Start');
    await client.barrier();
    await expect.poll(() => mediaOf(player).length).toBe(11);
    expect(mediaOf(player)).toEqual(publisher.sent);
  });

  it.each(['deleteStream', 'close', 'reset'])('takes no name where the client is gone by %s', async (how) => {
    const decision = gate();
    const asked = gate();
    const over = gate();
    const to = await start({
      onPublish() {
        asked.open();
        return decision.passed;
      },
      onUnpublish: () => over.open(),
    });
    const client = await to.connected();
    client.sendCommand('publish', 0, [null, 'a', 'live'], await client.createStream());
    await asked.passed;
    if (how === 'deleteStream') {
      client.sendCommand('deleteStream', 0, [null, 1]);
      await client.barrier();
    } else if (how === 'close') {
      client.sendCommand('close', 0, [null]);
      await client.closed;
    } else client.reset();
    decision.open();
    await over.passed;
    expect(to.running.streams.nameCount).toBe(0);
    expect(client.received.some(({ values }) => JSON.stringify(values).includes('Publish.Start'))).toBe(false);
  });

  it('decides for each request by itself', async () => {
    const first = gate();
    const to = await start({ onPublish: (_client, { name }) => (name === 'first' ? first.passed : undefined) });
    const client = await to.connected();
    const id = await client.createStream();
    client.sendCommand('publish', 0, [null, 'first', 'live'], id);
    client.sendCommand('deleteStream', 0, [null, id]);
    await client.publish('second', await client.createStream());
    first.open();
    await client.barrier();
    expect(to.running.streams.published().map(({ name }) => name)).toEqual(['second']);
  });

  it('is followed by onUnpublish where the name is in use', async () => {
    const told: string[] = [];
    const to = await start({
      onPublish: ({ id }) => void told.push(`publish ${id}`),
      onUnpublish: ({ id }) => void told.push(`unpublish ${id}`),
    });
    await TestPublisher.open(to, 'a');
    const second = await to.connected();
    second.sendCommand('publish', 0, [null, 'a', 'live'], await second.createStream());
    await second.status('NetStream.Publish.BadName');
    const [one, two] = told.map((line) => line.split(' ')[1]);
    expect(told).toEqual([`publish ${one}`, `publish ${two}`, `unpublish ${two}`]);
  });

  it('is not asked about names that cannot be', async () => {
    const told: string[] = [];
    const to = await start({ onPublish: (_client, { name }) => void told.push(name) });
    const client = await to.connected();
    client.sendCommand('publish', 0, [null, 'a\n', 'live'], await client.createStream());
    await client.status('NetStream.Publish.BadName');
    expect(told).toEqual([]);
  });
});

describe('onPlay', () => {
  it('decides; onStop tells the end', async () => {
    const playing = new Set<string>();
    const to = await start({
      onPlay(_client, { name }) {
        if (playing.size > 0) throw reject('Full.');
        playing.add(name);
      },
      onStop: (_client, { name }) => void playing.delete(name),
    });
    const client = await to.connected();
    const id = await client.play('a');
    const other = await client.createStream();
    client.sendCommand('play', 0, [null, 'b'], other);
    expect((await client.status('NetStream.Play.Failed')).get('description')).toBe('Full.');
    client.sendCommand('deleteStream', 0, [null, id]);
    await client.play('b', other);
    expect([...playing]).toEqual(['b']);
  });

  it('refuses with the code it is given', async () => {
    const to = await start({ onPlay: () => Promise.reject(reject('None.', 'NetStream.Play.StreamNotFound')) });
    const client = await to.connected();
    client.sendCommand('play', 0, [null, 'a'], await client.createStream());
    expect((await client.status('NetStream.Play.StreamNotFound')).get('description')).toBe('None.');
    expect(to.running.streams.nameCount).toBe(0);
  });

  it('refuses when it takes too long', async () => {
    const to = await start({ onPlay: () => new Promise(() => undefined) }, 'app.timeoutMs=10');
    const client = await to.connected();
    client.sendCommand('play', 0, [null, 'a'], await client.createStream());
    await client.status('NetStream.Play.Failed');
  });

  it('leaves no player behind where the client has gone', async () => {
    const decision = gate();
    const asked = gate();
    const over = gate();
    const to = await start({
      onPlay() {
        asked.open();
        return decision.passed;
      },
      onStop: () => over.open(),
    });
    const client = await to.connected();
    client.sendCommand('play', 0, [null, 'a'], await client.createStream());
    await asked.passed;
    client.reset();
    decision.open();
    await over.passed;
    expect(to.running.streams.nameCount).toBe(0);
  });
});

describe('onData', () => {
  it('sees the data of a publisher, which goes on to the players whatever it does', async () => {
    const seen: AppData[] = [];
    const to = await start({
      onData(_client, { name }, data) {
        seen.push(data);
        throw new Error(`of ${name}`);
      },
    });
    const player = await to.connected();
    await player.play('a');
    const publisher = await TestPublisher.open(to, 'a');
    publisher.data(0, '@setDataFrame', 'onMetaData', { width: 640 });
    publisher.data(40, 'onCuePoint', 'goal', 3);
    publisher.audio(80, Uint8Array.of(0xaf, 1, 2));
    await publisher.client.barrier();
    await player.nextMessage(({ type }) => type === 8);
    expect(seen).toMatchObject([
      { name: 'onMetaData', values: [{}], timestamp: 0 },
      { name: 'onCuePoint', values: ['goal', 3], timestamp: 40 },
    ]);
    expect(mediaOf(player).map(({ timestamp }) => timestamp)).toEqual([0, 40, 80]);
  });

  it('leaves out what is no AMF', async () => {
    const seen: AppData[] = [];
    const to = await start({ onData: (_client, _stream, data) => void seen.push(data) });
    const publisher = await TestPublisher.open(to, 'a');
    publisher.send(18, 0, Uint8Array.of(2, 0xff));
    publisher.send(15, 20, Uint8Array.of(0, 2, 0, 1, 0x61));
    publisher.data(40, 7);
    await publisher.client.barrier();
    expect(seen).toEqual([
      { name: 'a', values: [], timestamp: 20 },
      { name: '', values: [7], timestamp: 40 },
    ]);
  });
});
