import { AmfEcmaArray, type AmfInput, AmfObject, type AmfValue, encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireMessage } from './wire/chunk-reader.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { bytes, concat } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

function objectAt(message: WireMessage, index: number): ReadonlyMap<string, AmfValue> {
  const value = message.values[index];
  if (!(value instanceof AmfObject)) throw new Error(`value ${index} is no object`);
  return value.properties;
}

async function connectWith(commandObject: AmfInput, ...args: readonly AmfInput[]): Promise<[WireClient, WireMessage]> {
  const client = await server.handshaken();
  return [client, await client.call('connect', [commandObject, ...args])];
}

const tcUrl = 'rtmp://127.0.0.1/live';

describe('connect', () => {
  it('is answered with windows, StreamBegin 0, then _result [RTMP §7.2.1.1]', async () => {
    const [client, answer] = await connectWith({ app: 'live', tcUrl });
    const order = client.received.map(({ type, values: [name] }) => name ?? type);
    expect(order.slice(0, order.indexOf('_result') + 1)).toEqual([5, 6, 1, 4, '_result']);
    expect(client.received[0]).toMatchObject({ messageStreamId: 0, chunkStreamId: 2, timestamp: 0 });
    expect(client.received[0]?.payload).toHaveLength(4);
    expect(client.received[1]?.payload).toHaveLength(5);
    expect(client.received[3]?.payload).toEqual(bytes(0, 0, 0, 0, 0, 0));
    expect(answer).toMatchObject({ type: 20, messageStreamId: 0 });
    expect(answer.values.slice(0, 2)).toEqual(['_result', 1]);
    expect(String(objectAt(answer, 2).get('fmsVer'))).toMatch(/^FMS\/\d+,\d+/);
    expect(objectAt(answer, 2).get('capabilities')).toBeTypeOf('number');
    const info = objectAt(answer, 3);
    expect(info.get('level')).toBe('status');
    expect(info.get('code')).toBe('NetConnection.Connect.Success');
    expect(info.get('description')).toBeTypeOf('string');
  });

  it.each([
    [0, 0],
    [3, 3],
    [1, 0],
    [3.5, 0],
    [Number.NaN, 0],
  ])('where the client says objectEncoding %d, says %d [Errata §8.1.1]', async (objectEncoding, agreed) => {
    const [client, answer] = await connectWith({ app: 'live', tcUrl, objectEncoding });
    expect(answer.type).toBe(20);
    expect(objectAt(answer, 3).get('objectEncoding')).toBe(agreed);
    const created = await client.call('createStream', [null]);
    expect(created).toMatchObject({ type: agreed === 3 ? 17 : 20, values: ['_result', 2, null, 1] });
  });

  it.each([
    ['no tcUrl', { app: 'live' }],
    ['no members but app, and a null', { app: 'live', swfUrl: null }],
    ['members of wrong types', { app: 'live', tcUrl: 7, flashVer: null, objectEncoding: 'three', audioCodecs: {} }],
    [
      'what Flash Player sends',
      {
        app: 'live',
        flashVer: 'WIN 32,0,0,465',
        swfUrl: 'http://a/b.swf',
        tcUrl,
        fpad: false,
        capabilities: 239,
        audioCodecs: 3575,
        videoCodecs: 252,
        videoFunction: 1,
        pageUrl: 'http://a/',
      },
    ],
    ['an unknown nested object', { app: 'live', tcUrl, more: { a: [1, { b: 'c' }], d: new Date(0) } }],
  ])('takes %s', async (_title, commandObject) => {
    const [, answer] = await connectWith(commandObject);
    expect(answer.values[0]).toBe('_result');
  });

  it('takes an ECMA array as command object', async () => {
    const [, answer] = await connectWith(new AmfEcmaArray([['app', 'live']]));
    expect(answer.values[0]).toBe('_result');
  });

  it('takes further arguments', async () => {
    const [, answer] = await connectWith({ app: 'live', tcUrl }, 'key', 7, { user: 'me' }, null);
    expect(answer.values[0]).toBe('_result');
  });

  it('takes a type 17 command with its format byte [Errata §7.2]', async () => {
    const client = await server.handshaken();
    const payload = concat(bytes(0), encodeAmf0(['connect', 1, { app: 'live', tcUrl, objectEncoding: 3 }]));
    client.sendMessage({ type: 17, payload });
    expect((await client.answer(1)).values[0]).toBe('_result');
    client.sendMessage({ type: 17, payload: concat(bytes(0), encodeAmf0(['createStream', 2, null])) });
    expect((await client.answer(2)).values).toEqual(['_result', 2, null, 1]);
  });

  it.each([1, 0, 7.5, -3, 4294967296, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY, Number.NaN])(
    'repeats the transaction id %d',
    async (id) => {
      const client = await server.handshaken();
      client.sendCommand('connect', id, [{ app: 'live', tcUrl }]);
      const answer = await client.nextMessage(({ values: [name] }) => name === '_result');
      expect(answer.values[1]).toBe(id);
    },
  );

  it.each([
    ['live', 'live'],
    ['live/', 'live'],
    ['live', 'live/'],
    ['/live', 'live'],
    ['live//', 'live'],
    ['live?token=abc', 'live'],
    ['live/?token=abc', 'live?other=1'],
    ['live/_definst_', 'live'],
    ['live/room', 'live/room/'],
    ['ünï/çødé', 'ünï/çødé'],
  ])('%s is the same application as %s', async (first, second) => {
    const name = `app-${first}-${second}`.replaceAll('?', '-');
    const publisher = await TestPublisher.open(server, name, first);
    const player = await server.connected(second);
    await player.play(name);
    const sent = publisher.audio(5, bytes(0x2f, 1, 2, 3));
    expect(await player.nextMedia()).toMatchObject(sent);
  });

  it('does not mix applications', async () => {
    const publisher = await TestPublisher.open(server, 'apart', 'one');
    const player = await server.connected('two');
    await player.play('apart');
    publisher.audio(5, bytes(0x2f, 1, 2, 3));
    await publisher.client.barrier();
    await player.barrier();
    expect(player.received.some(({ type }) => type === 8)).toBe(false);
  });

  it('finds a stream whichever way its URL was cut into application and name', async () => {
    const publisher = await TestPublisher.open(server, 'room/cut', 'live');
    const player = await server.connected('live/room');
    await player.play('cut');
    const sent = publisher.audio(5, bytes(0x2f, 1, 2, 3));
    expect(await player.nextMedia()).toMatchObject(sent);
  });
});

describe('Enhanced RTMP in connect', () => {
  it('is not spoken of to clients that do not', async () => {
    const [, answer] = await connectWith({ app: 'live', tcUrl });
    for (const name of ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx']) {
      expect(objectAt(answer, 2).has(name)).toBe(false);
    }
  });

  it('repeats fourCcList [E-RTMP v1]', async () => {
    const fourCcList = ['av01', 'hvc1', 'vp09', '*'];
    const [, answer] = await connectWith({ app: 'live', tcUrl, fourCcList });
    expect(objectAt(answer, 2).get('fourCcList')).toEqual(fourCcList);
  });

  it('says that it forwards every codec, and what it understands [E-RTMP v2]', async () => {
    const [, answer] = await connectWith({
      app: 'live',
      tcUrl,
      videoFourCcInfoMap: { '*': 4, hvc1: 7 },
      audioFourCcInfoMap: { Opus: 2 },
      capsEx: 15,
    });
    const properties = objectAt(answer, 2);
    for (const name of ['videoFourCcInfoMap', 'audioFourCcInfoMap']) {
      const map = properties.get(name);
      expect(map instanceof AmfObject && map.get('*')).toBe(4);
    }
    expect(Number(properties.get('capsEx')) & 0x0e).toBe(0x0e);
  });

  it.each([
    ['a text', 'av01'],
    ['numbers', [1, 2, 3]],
    ['null', null],
    ['a thousand entries', new Array(1000).fill('av01')],
  ])('takes a fourCcList of %s', async (_title, fourCcList) => {
    const [, answer] = await connectWith({ app: 'live', tcUrl, fourCcList });
    expect(answer.values[0]).toBe('_result');
  });
});

describe('before and after connect', () => {
  it.each(['createStream', 'publish', 'play', 'releaseStream', 'hello'])('refuses %s before connect', async (name) => {
    const client = await server.handshaken();
    const answer = await client.call(name, [null, 'x']);
    expect(answer.values[0]).toBe('_error');
    expect(objectAt(answer, 3).get('code')).toBe('NetConnection.Call.Failed');
    expect(objectAt(answer, 3).get('level')).toBe('error');
    await client.closed;
  });

  it.each([8, 9, 15, 18, 22])('closes on a message of type %i before connect', async (type) => {
    const client = await server.handshaken();
    client.sendMessage({ type, messageStreamId: 1, payload: bytes(2, 0, 1, 0x61, 5) });
    await client.closed;
    expect(client.received).toEqual([]);
  });

  it('closes on connect without a command object', async () => {
    const client = await server.handshaken();
    const answer = await client.call('connect', [null]);
    expect(answer.values[0]).toBe('_error');
    await client.closed;
  });

  it('refuses a second connect', async () => {
    const client = await server.connected();
    const answer = await client.call('connect', [{ app: 'live', tcUrl }]);
    expect(answer.values[0]).toBe('_error');
    expect(objectAt(answer, 3).get('level')).toBe('error');
  });

  it('ends the connection at the command close', async () => {
    const publisher = await TestPublisher.open(server, 'closed-by-command');
    publisher.client.sendCommand('close', 0, [null]);
    await publisher.client.closed;
    await TestPublisher.open(server, 'closed-by-command');
  });
});
