import type { AmfInput } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireMessage } from './wire/chunk-reader.js';
import { avcHeader, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes } from './wire/wire-bytes.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

const frame = bytes(0x2f, 1, 2, 3);

function codeOf(message: WireMessage): unknown {
  return statusOf(message)?.get('code');
}

/** Sends publish and returns the statuses that it brings. */
async function publishing(client: WireClient, id: number, ...args: readonly AmfInput[]): Promise<WireMessage[]> {
  await client.barrier();
  const before = client.received.length;
  client.sendCommand('publish', 0, [null, ...args], id);
  await client.barrier();
  return client.received.slice(before).filter((message) => statusOf(message) !== undefined);
}

async function expectFree(name: string): Promise<void> {
  const publisher = await TestPublisher.open(server, name);
  publisher.client.destroy();
}

describe('publish', () => {
  it('is answered by an onStatus on its stream [RTMP §7.2.2.6]', async () => {
    const client = await server.connected();
    await client.createStream();
    const id = await client.createStream();
    const statuses = await publishing(client, id, 'answered', 'live');
    expect(statuses).toHaveLength(1);
    const [status] = statuses;
    expect(status).toMatchObject({ type: 20, messageStreamId: id, timestamp: 0 });
    expect(status?.values.slice(0, 3)).toEqual(['onStatus', 0, null]);
    expect(status?.values).toHaveLength(4);
    expect(status && codeOf(status)).toBe('NetStream.Publish.Start');
    expect(status && statusOf(status)?.get('level')).toBe('status');
    expect(status && statusOf(status)?.get('description')).toBeTypeOf('string');
    expect(client.received.some(({ values }) => values[0] === '_result' && values[1] === 0)).toBe(false);
  });

  it.each([[['live']], [['record']], [['append']], [['appendWithGap']], [[]], [[null]], [['live', 'more', 3]]])(
    'takes the type %j',
    async (args) => {
      const client = await server.connected();
      const id = await client.createStream();
      const [status] = await publishing(client, id, `typed-${JSON.stringify(args)}`, ...args);
      expect(status && codeOf(status)).toBe('NetStream.Publish.Start');
    },
  );

  it('refuses a type that there is not, and can be tried again', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    const [status] = await publishing(client, id, 'untyped', 'sideways');
    expect(status && statusOf(status)?.get('level')).toBe('error');
    const [again] = await publishing(client, id, 'untyped', 'live');
    expect(again && codeOf(again)).toBe('NetStream.Publish.Start');
  });

  it.each([
    ['no name', []],
    ['an empty name', ['', 'live']],
    ['a query alone', ['?token=1', 'live']],
    ['null', [null, 'live']],
    ['a number', [7, 'live']],
    ['an object', [{ name: 'x' }, 'live']],
    ['a line feed', ['a\nb', 'live']],
    ['a zero byte', ['a\0b', 'live']],
    ['two thousand characters', ['x'.repeat(2000), 'live']],
  ])('refuses %s for a name, and goes on', async (_title, args) => {
    const client = await server.connected();
    const id = await client.createStream();
    const [status] = await publishing(client, id, ...args);
    expect(status && codeOf(status)).toBe('NetStream.Publish.BadName');
    expect(status && statusOf(status)?.get('level')).toBe('error');
    expect(status?.messageStreamId).toBe(id);
    await client.publish('after-bad-name', id);
    client.destroy();
    await client.closed;
    await expect.poll(() => server.running.streams.isPublished({ app: 'live', name: 'after-bad-name' })).toBe(false);
  });

  it.each(['with space', 'ünïcødé-名前-🎥', 'a/b/c', "quote'", '..', '%41', '<b>', '__proto__', 'x'.repeat(900)])(
    'takes the name %s',
    async (name) => {
      const publisher = await TestPublisher.open(server, name);
      const player = await server.connected();
      await player.play(name);
      const sent = publisher.audio(7, frame);
      await settle(publisher, player);
      expect(mediaOf(player)).toEqual([sent]);
    },
  );

  it('leaves the query out of the name', async () => {
    const publisher = await TestPublisher.open(server, 'queried?key=secret&x=1');
    const player = await server.connected();
    const id = await player.play('queried?viewer=7');
    const sent = publisher.audio(7, frame);
    await settle(publisher, player);
    expect(mediaOf(player, id)).toEqual([sent]);
  });

  it('takes media that was sent behind the command without waiting for its answer', async () => {
    const player = await server.connected();
    await player.play('impatient');
    const client = await server.connected();
    const id = await client.createStream();
    client.sendCommand('publish', 0, [null, 'impatient', 'live'], id);
    const publisher = new TestPublisher(client, id);
    publisher.audio(0, frame);
    publisher.audio(20, bytes(0x2f, 9));
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual(publisher.sent);
  });

  it('serves several streams of one connection, each on its own', async () => {
    const client = await server.connected();
    const player = await server.connected();
    const publishers: TestPublisher[] = [];
    const ids: number[] = [];
    for (const name of ['multi-1', 'multi-2', 'multi-3']) {
      publishers.push(new TestPublisher(client, await client.publish(name)));
      ids.push(await player.play(name));
    }
    for (let round = 0; round < 5; round += 1) {
      publishers.forEach((publisher, i) => {
        publisher.audio(round * 20, bytes(0x2f, i, round));
      });
    }
    await settle(client, player);
    publishers.forEach((publisher, i) => {
      expect(mediaOf(player, ids[i])).toEqual(publisher.sent);
    });
    publishers[1]?.deleteStream();
    await player.status('NetStream.Play.UnpublishNotify');
    const sent = publishers[2]?.audio(200, frame);
    publishers[1]?.audio(200, frame);
    await settle(client, player);
    expect(mediaOf(player, ids[2]).at(-1)).toEqual(sent);
    expect(mediaOf(player, ids[1])).toHaveLength(5);
  });

  it('lets one connection publish two streams and play two at once, its own among them', async () => {
    const other = await TestPublisher.open(server, 'both-other');
    const client = await server.connected();
    const one = new TestPublisher(client, await client.publish('both-1'));
    const ownId = await client.play('both-1');
    const two = new TestPublisher(client, await client.publish('both-2'));
    const otherId = await client.play('both-other');
    expect(new Set([one.messageStreamId, two.messageStreamId, ownId, otherId]).size).toBe(4);
    one.video(0, avcHeader());
    one.video(0, avcKey(1));
    two.audio(0, frame);
    other.audio(3, frame);
    await settle(other, client);
    await settle(client, client);
    expect(mediaOf(client, ownId)).toEqual(one.sent);
    expect(mediaOf(client, otherId)).toEqual(other.sent);
    expect(mediaOf(client, two.messageStreamId)).toEqual([]);
  });
});

describe('a name that is in use', () => {
  it('is refused with BadName; the first goes on, and the second may publish something else', async () => {
    const first = await TestPublisher.open(server, 'in-use');
    const player = await server.connected();
    await player.play('in-use');
    const client = await server.connected();
    const id = await client.createStream();
    const [status] = await publishing(client, id, 'in-use', 'live');
    expect(status?.messageStreamId).toBe(id);
    expect(status?.values.slice(0, 3)).toEqual(['onStatus', 0, null]);
    expect(status && codeOf(status)).toBe('NetStream.Publish.BadName');
    expect(status && statusOf(status)?.get('level')).toBe('error');
    client.sendMessage({ type: 8, messageStreamId: id, payload: bytes(0x2f, 66) });
    await client.barrier();
    const sent = first.audio(5, frame);
    await settle(first, player);
    expect(mediaOf(player)).toEqual([sent]);
    await client.publish('not-in-use', id);
  });

  it('is refused on the same connection, too', async () => {
    const first = await TestPublisher.open(server, 'in-use-here');
    const id = await first.client.createStream();
    const [status] = await publishing(first.client, id, 'in-use-here', 'live');
    expect(status && codeOf(status)).toBe('NetStream.Publish.BadName');
  });

  it.each<[string, (publisher: TestPublisher, name: string) => void]>([
    ['deleteStream', (publisher) => publisher.deleteStream()],
    ['closeStream', ({ client, messageStreamId }) => client.sendCommand('closeStream', 0, [null], messageStreamId)],
    ['FCUnpublish', ({ client }, name) => client.sendCommand('FCUnpublish', 9, [null, name])],
    ['FCUnpublish with a query', ({ client }, name) => client.sendCommand('FCUnpublish', 9, [null, `${name}?k=v`])],
    [
      'publish(false)',
      ({ client, messageStreamId }) => client.sendCommand('publish', 0, [null, false], messageStreamId),
    ],
  ])('is free after %s, which is told by Unpublish.Success', async (title, end) => {
    const name = `freed-${title}`;
    const publisher = await TestPublisher.open(server, name);
    end(publisher, name);
    await publisher.client.barrier();
    const told = publisher.client.received.filter((message) => codeOf(message) === 'NetStream.Unpublish.Success');
    expect(told).toHaveLength(1);
    expect(told[0]?.messageStreamId).toBe(publisher.messageStreamId);
    await TestPublisher.open(server, name);
  });

  it.each<[string, (publisher: TestPublisher) => void]>([
    ['an end of the connection', ({ client }) => client.socket.end()],
    ['a destroyed socket', ({ client }) => client.destroy()],
    ['a reset', ({ client }) => client.reset()],
    ['bytes that are no RTMP', ({ client }) => client.sendMessage({ type: 1, payload: bytes(0, 0, 0, 0) })],
    ['the command close', ({ client }) => client.sendCommand('close', 0, [null])],
  ])('is free after %s; players are told', async (title, end) => {
    const name = `lost-${title}`;
    const publisher = await TestPublisher.open(server, name);
    const player = await server.connected();
    const id = await player.play(name);
    const sent = publisher.audio(5, frame);
    await settle(publisher, player);
    end(publisher);
    await player.status('NetStream.Play.UnpublishNotify');
    expect(mediaOf(player, id)).toEqual([sent]);
    await expectFree(name);
  });

  it('is free when another name is published on the stream', async () => {
    const publisher = await TestPublisher.open(server, 'renamed-before');
    const statuses = await publishing(publisher.client, publisher.messageStreamId, 'renamed-after', 'live');
    expect(statuses.map(codeOf)).toEqual(['NetStream.Unpublish.Success', 'NetStream.Publish.Start']);
    await expectFree('renamed-before');
  });

  it('can be published again and again on one stream', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    const player = await server.connected();
    const playId = await player.play('again');
    for (let round = 0; round < 5; round += 1) {
      await client.publish('again', id);
      client.sendMessage({ type: 8, messageStreamId: id, timestamp: round, payload: bytes(0x2f, round) });
      client.sendCommand('closeStream', 0, [null], id);
      await player.status('NetStream.Play.UnpublishNotify');
    }
    expect(mediaOf(player, playId).map(({ payload }) => payload[1])).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes no media after it was given up', async () => {
    const publisher = await TestPublisher.open(server, 'given-up');
    const player = await server.connected();
    await player.play('given-up');
    const { client, messageStreamId } = publisher;
    client.sendCommand('closeStream', 0, [null], messageStreamId);
    publisher.audio(9, frame);
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual([]);
  });

  it('is not freed by FCUnpublish of somebody else', async () => {
    const publisher = await TestPublisher.open(server, 'not-yours');
    const client = await server.connected();
    await client.call('FCUnpublish', [null, 'not-yours']);
    await client.call('releaseStream', [null, 'not-yours']);
    const id = await client.createStream();
    const [status] = await publishing(client, id, 'not-yours', 'live');
    expect(status && codeOf(status)).toBe('NetStream.Publish.BadName');
    expect(publisher.client.isClosed).toBe(false);
  });
});

describe('publish.takeover: replace', () => {
  let replacing: TestServer;
  beforeAll(async () => {
    replacing = await startTestServer(['live.maxWindowMs=0', 'publish.takeover=replace']);
  });
  afterAll(() => replacing.close());

  it('gives the name to the newcomer, tells and closes the one before, and players go on', async () => {
    const first = await TestPublisher.open(replacing, 'taken');
    const player = await replacing.connected();
    const id = await player.play('taken');
    const old = first.audio(1, bytes(0x2f, 1));
    await settle(first, player);
    const second = await TestPublisher.open(replacing, 'taken');
    await first.client.closed;
    expect(first.client.received.map(codeOf)).toContain('NetStream.Publish.BadName');
    const fresh = second.audio(2, bytes(0x2f, 2));
    await settle(second, player);
    expect(mediaOf(player, id)).toEqual([old, fresh]);
    const late = await replacing.connected();
    await late.play('taken');
    const last = second.audio(3, bytes(0x2f, 3));
    await settle(second, late);
    expect(mediaOf(late)).toEqual([last]);
  });

  it('moves a name from one stream of a connection to another, and frees it with the connection', async () => {
    const client = await replacing.connected();
    const player = await replacing.connected();
    await player.play('moved');
    const first = new TestPublisher(client, await client.publish('moved'));
    first.audio(1, bytes(0x2f, 1));
    const second = new TestPublisher(client, await client.publish('moved'));
    first.audio(2, bytes(0x2f, 2));
    second.audio(3, bytes(0x2f, 3));
    await settle(client, player);
    expect(mediaOf(player).map(({ timestamp }) => timestamp)).toEqual([1, 3]);
    first.deleteStream();
    second.audio(4, bytes(0x2f, 4));
    await settle(client, player);
    expect(mediaOf(player)).toHaveLength(3);
    client.destroy();
    await player.status('NetStream.Play.UnpublishNotify');
    expect(replacing.running.streams.isPublished({ app: 'live', name: 'moved' })).toBe(false);
  });

  it('never shows the frames of the one before', async () => {
    const first = await TestPublisher.open(replacing, 'taken-late');
    first.video(0, avcHeader(1));
    first.video(0, avcKey(1));
    await first.client.barrier();
    const second = await TestPublisher.open(replacing, 'taken-late');
    const late = await replacing.connected();
    const id = await late.play('taken-late');
    second.video(0, avcHeader(2));
    second.video(0, avcKey(2));
    await settle(second, late);
    expect(mediaOf(late, id)).toEqual(second.sent);
  });
});

describe('publish.graceMs', () => {
  it('gives the name back to the same client when its old connection has been silent', async () => {
    const patient = await startTestServer(['live.maxWindowMs=0', 'publish.graceMs=0']);
    try {
      const first = await TestPublisher.open(patient, 'back-again');
      await TestPublisher.open(patient, 'back-again');
      await first.client.closed;
    } finally {
      await patient.close();
    }
  });
});
