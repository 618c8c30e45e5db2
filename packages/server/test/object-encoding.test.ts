import {
  Amf3Value,
  AmfDate,
  type AmfInput,
  AmfObject,
  type AmfValue,
  decodeAmf0,
  encodeAmf0,
} from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineApp } from '../src/index.js';
import { FlvClient, httpAnswer } from './wire/flv-client.js';
import { aacFrame, aacHeader } from './wire/media-samples.js';
import { expectServes } from './wire/relay.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes, concat } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

const seenByApp: (readonly AmfValue[])[] = [];
let server: TestServer;
beforeAll(async () => {
  const app = defineApp({
    onData: (_client, _stream, { name, values }) => void seenByApp.push([name, ...values]),
    procedures: {
      echo: (_client, value) => value as AmfInput,
      bytes: () => Uint8Array.of(1, 2, 3),
      callBack: (client, value) => client.call('ask', [value as AmfInput]) as Promise<AmfInput>,
    },
  });
  server = await startTestServer(['live.maxWindowMs=0'], app);
});
afterAll(() => server.close());

async function connected(objectEncoding: 0 | 3): Promise<WireClient> {
  const client = await server.handshaken();
  await client.connectApp('live', { objectEncoding });
  return client;
}

async function publisher(name: string, objectEncoding: 0 | 3): Promise<TestPublisher> {
  const client = await connected(objectEncoding);
  return new TestPublisher(client, await client.publish(name));
}

async function player(name: string, objectEncoding: 0 | 3): Promise<WireClient> {
  const client = await connected(objectEncoding);
  await client.play(name);
  return client;
}

const amf3 = (value: AmfInput): Amf3Value => new Amf3Value(value);
const extended = (...values: readonly AmfInput[]): Uint8Array => concat(bytes(0), encodeAmf0(values));

describe('published data', () => {
  it('reaches each player in the AMF that it agreed on, and FLV in AMF0', async () => {
    const from = await publisher('each', 3);
    from.audio(0, aacHeader());
    const amf0Player = await player('each', 0);
    const amf3Player = await player('each', 3);
    const viewer = await FlvClient.http(server.httpPort, '/live/each.flv');
    await viewer.until(1);

    const metadata = amf3({ width: 640, height: 360, videodatarate: 900, when: new Date(5) });
    from.send(15, 10, extended(amf3('@setDataFrame'), amf3('onMetaData'), metadata));
    from.send(15, 20, extended('onText', amf3(['ü', { text: 'x' }]), 7));
    from.send(15, 30, extended('onBytes', amf3(Uint8Array.of(1, 2, 3))));
    from.data(40, 'onPlain', { a: 1 });
    from.audio(50, aacFrame(1));
    await settle(from, amf0Player, amf3Player);
    await viewer.until(6);

    const members: [string, AmfValue][] = [
      ['width', 640],
      ['height', 360],
      ['videodatarate', 900],
      ['when', new AmfDate(5)],
    ];
    const values = [
      ['onMetaData', new AmfObject(members)],
      ['onText', ['ü', new AmfObject([['text', 'x']])], 7],
      ['onBytes', 'AQID'],
      ['onPlain', new AmfObject([['a', 1]])],
    ];
    for (const messages of [mediaOf(amf0Player), viewer.tags]) {
      const data = messages.filter(({ type }) => type !== 8);
      expect(data.map(({ type, timestamp }) => [type, timestamp])).toEqual([10, 20, 30, 40].map((at) => [18, at]));
      expect(data.map(({ payload }) => decodeAmf0(payload))).toEqual(values);
      // Nothing of it is in AMF3: encoded again it would be longer by the markers.
      for (const { payload } of data) expect(encodeAmf0(decodeAmf0(payload))).toEqual(payload);
    }
    expect(mediaOf(amf3Player).filter(({ type }) => type !== 8)).toEqual([
      { type: 15, timestamp: 10, payload: extended('onMetaData', metadata) },
      { type: 15, timestamp: 20, payload: extended('onText', amf3(['ü', { text: 'x' }]), 7) },
      { type: 15, timestamp: 30, payload: extended('onBytes', amf3(Uint8Array.of(1, 2, 3))) },
      { type: 15, timestamp: 40, payload: extended('onPlain', { a: 1 }) },
    ]);
    expect(viewer.fault).toBeUndefined();
    expect(seenByApp.slice(-4).map(([name]) => name)).toEqual(['onMetaData', 'onText', 'onBytes', 'onPlain']);
    viewer.close();
  });

  it('is kept for late joiners of both kinds, until it is cleared', async () => {
    const from = await publisher('late', 3);
    from.send(15, 0, extended('@setDataFrame', amf3('onMetaData'), amf3({ width: 640 })));
    from.audio(0, aacHeader());
    await settle(from);
    const first = [await player('late', 3), await player('late', 0)];
    await settle(from, ...first);
    expect(first.map((client) => mediaOf(client)[0])).toEqual([
      { type: 15, timestamp: 0, payload: extended(amf3('onMetaData'), amf3({ width: 640 })) },
      { type: 18, timestamp: 0, payload: encodeAmf0(['onMetaData', { width: 640 }]) },
    ]);
    from.send(15, 0, extended(amf3('@clearDataFrame'), amf3('onMetaData')));
    await settle(from);
    const second = [await player('late', 3), await player('late', 0)];
    await settle(from, ...second);
    for (const client of second) expect(mediaOf(client).map(({ type }) => type)).not.toContain(15);
    for (const client of second) expect(mediaOf(client).map(({ type }) => type)).not.toContain(18);
  });

  it('is read for the API', async () => {
    const from = await publisher('facts', 3);
    from.send(15, 0, extended('@setDataFrame', 'onMetaData', amf3({ width: 640, height: 360, framerate: 25 })));
    from.video(0, concat(bytes(0x12, 0), bytes(0))); // Sorenson H.263, which has no configuration of its own.
    await settle(from);
    const { body } = await httpAnswer(server.httpPort, 'GET', '/api/v1/streams');
    const { streams } = JSON.parse(body) as { streams: { path: string }[] };
    expect(streams.find(({ path }) => path === '/live/facts')).toMatchObject({
      video: { width: 640, height: 360, frameRate: 25 },
    });
  });

  it('that cannot be read goes to those alone who asked for AMF3', async () => {
    const from = await publisher('broken', 3);
    const amf0Player = await player('broken', 0);
    const amf3Player = await player('broken', 3);
    const hostile = [
      bytes(0x11),
      bytes(0x11, 10, 0),
      bytes(0x11, 9, 0xff, 0xff, 0xff, 0xff, 1),
      bytes(0x11, 12, 0xff, 0xff, 0xff, 0xff),
      concat(bytes(0x11), ...Array.from({ length: 1000 }, () => bytes(9, 3, 1)), bytes(1)),
    ];
    const sent = hostile.map((value, at) => from.send(15, at, concat(extended('onText'), value)));
    // One text over and over: short in AMF3, and not to be made long.
    const bomb = extended('onText', amf3(Array.from({ length: 20_000 }, () => 'x'.repeat(10_000))));
    expect(bomb.length).toBeLessThan(100_000);
    const bombSent = from.send(15, 99, bomb);
    const end = from.audio(100, aacFrame(1));
    await settle(from, amf0Player, amf3Player);
    expect(mediaOf(amf0Player)).toEqual([end]);
    expect(mediaOf(amf3Player)).toEqual([...sent, bombSent, end]);
    await expectServes(server);
  });
});

describe('a session with object encoding 3', () => {
  it('takes publish and play of type 17, whose values may be AMF3, and of type 20', async () => {
    const client = await connected(3);
    const ids = [await client.createStream(), await client.createStream(), await client.createStream()];
    client.sendExtendedCommand('publish', 0, [amf3(null), amf3('mixed'), amf3('live')], ids[0]);
    await client.status('NetStream.Publish.Start');
    client.sendExtendedCommand('play', 0, [null, amf3('mixed'), amf3(-2), amf3(-1), amf3(true)], ids[1]);
    await client.status('NetStream.Play.Start');
    client.sendCommand('play', 0, [null, 'mixed'], ids[2]);
    await client.status('NetStream.Play.Start');
    client.sendMessage({ type: 8, messageStreamId: ids[0] ?? 0, payload: aacFrame(3) });
    expect([await client.nextMedia(), await client.nextMedia()]).toMatchObject(
      ids.slice(1).map((messageStreamId) => ({ type: 8, messageStreamId, payload: aacFrame(3) })),
    );
  });
});

describe('procedures over type 17', () => {
  it('get AMF3 and answer in it', async () => {
    const client = await connected(3);
    const value = { name: 'a', list: [1, 2], bytes: Uint8Array.of(7) };
    const id = client.nextTransactionId();
    client.sendExtendedCommand('echo', id, [null, amf3(value)]);
    const answer = await client.answer(id);
    expect(answer.type).toBe(17);
    const members: [string, AmfValue][] = Object.entries(value);
    expect(answer.values).toEqual(['_result', id, null, new AmfObject(members)]);
    expect(answer.payload).toEqual(extended('_result', id, null, amf3(value)));
    expect((await client.call('bytes', [null])).values[3]).toEqual(Uint8Array.of(1, 2, 3));
    expect((await client.call('missing', [null])).type).toBe(17);
  });

  it('of a client with object encoding 0 are answered in AMF0, and what that cannot carry is refused', async () => {
    const client = await connected(0);
    const id = client.nextTransactionId();
    client.sendExtendedCommand('echo', id, [null, amf3({ a: [1] })]);
    expect(await client.answer(id)).toMatchObject({ type: 20, payload: encodeAmf0(['_result', id, null, { a: [1] }]) });
    expect((await client.call('bytes', [null])).values[0]).toBe('_error');
    await client.barrier();
  });

  it('are called back', async () => {
    const client = await connected(3);
    const id = client.nextTransactionId();
    client.sendExtendedCommand('callBack', id, [null, amf3(Uint8Array.of(9))]);
    const asked = await client.nextMessage(({ values: [name] }) => name === 'ask');
    expect(asked.type).toBe(17);
    expect(asked.values[3]).toEqual(Uint8Array.of(9));
    client.sendExtendedCommand('_result', Number(asked.values[1]), [null, amf3([1, 2])]);
    expect((await client.answer(id)).values[3]).toEqual([1, 2]);
  });
});
