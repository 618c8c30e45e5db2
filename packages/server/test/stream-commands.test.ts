import { AmfObject, type AmfValue, encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireMessage } from './wire/chunk-reader.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes, concat, text, u16, u32 } from './wire/wire-bytes.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

function infoOf(message: WireMessage): ReadonlyMap<string, AmfValue> {
  const info = message.values[3];
  return info instanceof AmfObject ? info.properties : new Map();
}

/** What comes, commands and all, between now and a barrier. */
async function answersTo(client: WireClient, act: () => void): Promise<readonly WireMessage[]> {
  await client.barrier();
  const before = client.received.length;
  act();
  await client.barrier();
  return client.received.slice(before, -1);
}

describe('createStream', () => {
  it('gives each stream of a connection an id of its own, from 1 up', async () => {
    const client = await server.connected();
    const ids: number[] = [];
    for (let i = 0; i < 10; i += 1) ids.push(await client.createStream());
    expect(new Set(ids).size).toBe(10);
    expect(Math.min(...ids)).toBe(1);
  });

  it('is answered on message stream 0 with a null command object [RTMP §7.2.1.3]', async () => {
    const client = await server.connected();
    const answer = await client.call('createStream', [null]);
    expect(answer.messageStreamId).toBe(0);
    expect(answer.values).toEqual(['_result', 2, null, 1]);
  });

  it('answers many at once, each with its transaction id', async () => {
    const client = await server.connected();
    for (let id = 100; id < 120; id += 1) client.sendCommand('createStream', id, [null]);
    await client.barrier();
    const answers = client.received.filter(({ values: [name, id] }) => name === '_result' && Number(id) >= 100);
    expect(answers.map(({ values: [, id] }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(new Set(answers.map(({ values }) => values[3])).size).toBe(20);
  });

  it.each([2.5, 0.1, -1, 4294967296, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
    'repeats the transaction id %d',
    async (id) => {
      const client = await server.connected();
      const [answer] = await answersTo(client, () => client.sendCommand('createStream', id, [null]));
      expect(answer?.values[0]).toBe('_result');
      expect(answer?.values[1]).toBe(id);
    },
  );

  it('makes usable streams again after deleteStream', async () => {
    const client = await server.connected();
    for (let round = 0; round < 100; round += 1) {
      const id = await client.createStream();
      client.sendCommand('deleteStream', 0, [null, id]);
    }
    const id = await client.publish('after-deletions');
    client.sendCommand('deleteStream', 0, [null, id]);
    await client.publish('after-deletions');
  });

  it('fails beyond limits.messageStreams, and goes on', async () => {
    const client = await server.connected();
    for (let i = 0; i < 32; i += 1) await client.createStream();
    const refused = await client.call('createStream', [null]);
    expect(refused.values[0]).toBe('_error');
    expect(infoOf(refused).get('code')).toBe('NetConnection.Call.Failed');
    client.sendCommand('deleteStream', 0, [null, 7]);
    expect(await client.createStream()).toBe(7);
  });
});

describe('commands of the connection', () => {
  it.each(['releaseStream', 'FCPublish', 'FCUnpublish', 'FCSubscribe', '_checkbw', 'getStreamLength'])(
    'answers %s with _result, on message stream 0',
    async (name) => {
      const client = await server.connected();
      const answer = await client.call(name, [null, 'some-name']);
      expect(answer.values.slice(0, 3)).toEqual(['_result', 2, null]);
      expect(answer.messageStreamId).toBe(0);
    },
  );

  it('says that live streams have no length', async () => {
    const client = await server.connected();
    expect((await client.call('getStreamLength', [null, 'x'])).values[3]).toBe(0);
  });

  it.each([
    ['FCPublish', 'onFCPublish', 'NetStream.Publish.Start'],
    ['FCUnpublish', 'onFCUnpublish', 'NetStream.Unpublish.Success'],
    ['FCSubscribe', 'onFCSubscribe', 'NetStream.Play.Start'],
  ])('tells %s by %s', async (name, told, code) => {
    const client = await server.connected();
    const answers = await answersTo(client, () => client.sendCommand(name, 9, [null, 'some-name']));
    const message = answers.find(({ values }) => values[0] === told);
    expect(message?.values.slice(1, 3)).toEqual([0, null]);
    expect(message?.messageStreamId).toBe(0);
    expect(message && infoOf(message).get('code')).toBe(code);
    expect(message && infoOf(message).get('level')).toBe('status');
    expect(answers.some(({ values }) => values[0] === '_result' && values[1] === 9)).toBe(true);
  });

  it.each(['releaseStream', 'FCPublish', '_checkbw', 'getStreamLength', 'createStream', 'deleteStream'])(
    'sends no _result to %s with transaction id 0',
    async (name) => {
      const client = await server.connected();
      const answers = await answersTo(client, () => client.sendCommand(name, 0, [null, 'x']));
      expect(answers.filter(({ values }) => values[0] === '_result' || values[0] === '_error')).toEqual([]);
    },
  );

  it.each([
    'hello',
    'setPeerInfo',
    'NetStream.Authenticate.UsherToken',
    '',
    'Connect',
    'constructor',
    'hasOwnProperty',
    'toString',
  ])('fails the unknown command %j', async (name) => {
    const client = await server.connected();
    const answer = await client.call(name, [null, 1, 'two', { three: 3 }]);
    expect(answer.values.slice(0, 3)).toEqual(['_error', 2, null]);
    expect(answer.messageStreamId).toBe(0);
    expect(infoOf(answer).get('code')).toBe('NetConnection.Call.Failed');
    expect(infoOf(answer).get('level')).toBe('error');
    expect(infoOf(answer).get('description')).toBeTypeOf('string');
  });

  it('says nothing to an unknown command with transaction id 0', async () => {
    const client = await server.connected();
    expect(await answersTo(client, () => client.sendCommand('hello', 0, [null]))).toEqual([]);
  });

  it.each([3.25, -7, 1e300, 2 ** 32, Number.NaN])('fails an unknown command with its transaction id %d', async (id) => {
    const client = await server.connected();
    const [answer] = await answersTo(client, () => client.sendCommand('hello', id, [null]));
    expect(answer?.values.slice(0, 2)).toEqual(['_error', id]);
  });

  it('answers an unknown command on the message stream it came on', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    const answer = await client.call('hello', [null, { streamName: 'x' }], id);
    expect(answer.values[0]).toBe('_error');
    expect(answer.messageStreamId).toBe(id);
  });

  it('takes a command of nothing but its name', async () => {
    const client = await server.connected();
    const answers = await answersTo(client, () => {
      client.sendMessage({ type: 20, payload: encodeAmf0(['hello']) });
    });
    expect(answers).toEqual([]);
  });

  it.each(['_result', '_error', 'onStatus'])('takes no notice of %s from a client', async (name) => {
    const client = await server.connected();
    expect(await answersTo(client, () => client.sendCommand(name, 5, [null, { code: 'x' }]))).toEqual([]);
  });

  it.each([
    ['deleteStream of a stream that is not there', 'deleteStream', [null, 77]],
    ['deleteStream of stream 0', 'deleteStream', [null, 0]],
    ['deleteStream of a fraction', 'deleteStream', [null, 1.5]],
    ['deleteStream of NaN', 'deleteStream', [null, Number.NaN]],
    ['deleteStream without an id', 'deleteStream', [null]],
  ])('takes %s', async (_title, name, values) => {
    const client = await server.connected();
    expect(await answersTo(client, () => client.sendCommand(name, 0, values))).toEqual([]);
    expect(await client.createStream()).toBe(1);
  });

  it('does not answer deleteStream of a stream that plays [RTMP §7.2.2.3]', async () => {
    const client = await server.connected();
    const id = await client.play('deleted-while-waiting');
    const answers = await answersTo(client, () => client.sendCommand('deleteStream', 5, [null, id]));
    expect(answers.filter(({ values }) => values[0] === '_result')).toEqual([]);
  });
});

describe('messages that are none of the live path', () => {
  it('takes shared object messages and goes on', async () => {
    const client = await server.connected();
    const body = concat(u16(4), text('name'), u32(0), u32(0), u32(0), bytes(1), u32(0));
    client.sendMessage({ type: 19, payload: body });
    client.sendMessage({ type: 16, payload: concat(bytes(0), body) });
    expect(await client.createStream()).toBe(1);
  });

  it('closes on those that are cut off, and on no other connection', async () => {
    const [client, other] = [await server.connected(), await server.connected()];
    client.sendMessage({ type: 19, payload: new Uint8Array(0) });
    await client.closed;
    await other.barrier();
  });

  it('takes them from a publisher without harm to its stream', async () => {
    const publisher = await TestPublisher.open(server, 'with-objects');
    const player = await server.connected();
    await player.play('with-objects');
    const first = publisher.audio(0, bytes(0x2f, 1));
    publisher.client.sendMessage({
      type: 19,
      messageStreamId: publisher.messageStreamId,
      payload: concat(u16(1), text('x'), u32(0), u32(0), u32(0)),
    });
    const second = publisher.audio(20, bytes(0x2f, 2));
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual([first, second]);
  });

  it.each([0, 7, 10, 11, 14, 21, 23, 99, 255])('takes a message of type %i', async (type) => {
    const client = await server.connected();
    client.sendMessage({ type, messageStreamId: 0, payload: bytes(1, 2, 3) });
    expect(await client.createStream()).toBe(1);
  });

  it('takes user control events that it does not know, or does not want', async () => {
    const client = await server.connected();
    for (const event of [0, 1, 2, 3, 4, 5, 7, 26, 27, 31, 32, 1000]) {
      client.sendMessage({ type: 4, payload: concat(u16(event), u32(1), u32(3000)) });
    }
    expect(await client.createStream()).toBe(1);
  });

  it('drops media on streams that publish nothing', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    for (const messageStreamId of [0, id, 99, 0xff_ffff]) {
      for (const type of [8, 9, 18, 15]) {
        client.sendMessage({ type, messageStreamId, payload: encodeAmf0(['onMetaData', {}]) });
      }
    }
    expect(await answersTo(client, () => undefined)).toEqual([]);
    await client.publish('after-strays', id);
  });
});

describe('commands of streams that are not there', () => {
  it.each([
    ['publish', 'NetStream.Publish.BadName'],
    ['play', 'NetStream.Play.Failed'],
  ])('refuses %s with %s', async (name, code) => {
    const client = await server.connected();
    for (const messageStreamId of [0, 5]) {
      const [answer] = await answersTo(client, () => client.sendCommand(name, 0, [null, 'x'], messageStreamId));
      expect(answer && statusOf(answer)?.get('code')).toBe(code);
      expect(answer && statusOf(answer)?.get('level')).toBe('error');
      expect(answer?.messageStreamId).toBe(messageStreamId);
    }
  });

  it.each(['pause', 'seek', 'receiveAudio', 'receiveVideo', 'closeStream'])('refuses %s', async (name) => {
    const client = await server.connected();
    const answer = await client.call(name, [null, true, 0], 5);
    expect(answer.values[0]).toBe('_error');
  });

  it.each(['pause', 'seek', 'receiveAudio', 'receiveVideo', 'closeStream'])(
    'says nothing to %s with transaction id 0 on an idle stream',
    async (name) => {
      const client = await server.connected();
      const id = await client.createStream();
      expect(await answersTo(client, () => client.sendCommand(name, 0, [null, true, 0], id))).toEqual([]);
    },
  );
});
