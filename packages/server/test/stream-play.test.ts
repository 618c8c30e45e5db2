import { type AmfInput, encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireMessage } from './wire/chunk-reader.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { dataMessage, digestsOf, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes, concat, pattern } from './wire/wire-bytes.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

/** One word for a message: a status's code, a user control event and its stream, a data handler, or the type. */
function wordOf(message: WireMessage): string {
  const status = statusOf(message);
  if (status !== undefined) return String(status.get('code'));
  const { type, payload, values } = message;
  const [name] = values;
  if (type === 4) return `event ${Buffer.from(payload).readUInt16BE(0)} of ${Buffer.from(payload).readUInt32BE(2)}`;
  return typeof name === 'string' ? name : String(type);
}

function wordsOf(messages: readonly WireMessage[]): string[] {
  return messages.map(wordOf);
}

/** Plays and returns all that came until everything published so far had come. */
async function playing(
  client: WireClient,
  id: number,
  args: readonly AmfInput[],
  publisher?: TestPublisher,
): Promise<readonly WireMessage[]> {
  await client.barrier();
  const before = client.received.length;
  client.sendCommand('play', 0, [null, ...args], id);
  await client.barrier();
  if (publisher !== undefined) await settle(publisher, client);
  return client.received.slice(before).filter(({ type, payload }) => type !== 4 || payload[1] !== 7);
}

describe('play', () => {
  it('is answered in order: StreamBegin, Reset, Start, |RtmpSampleAccess, metadata, headers, key frame', async () => {
    const publisher = await TestPublisher.open(server, 'order');
    publisher.data(0, '@setDataFrame', 'onMetaData', { width: 640 });
    publisher.audio(0, aacHeader());
    publisher.video(0, avcHeader());
    publisher.video(40, avcKey(1));
    publisher.audio(45, aacFrame(1));
    await publisher.client.barrier();
    const client = await server.connected();
    await client.createStream();
    const id = await client.createStream();
    const messages = await playing(client, id, ['order'], publisher);
    expect(wordsOf(messages)).toEqual([
      `event 0 of ${id}`,
      'NetStream.Play.Reset',
      'NetStream.Play.Start',
      '|RtmpSampleAccess',
      'onMetaData',
      '8',
      '9',
      '9',
      '8',
    ]);
    for (const message of messages.slice(1)) expect(message.messageStreamId).toBe(id);
    expect(messages[0]?.messageStreamId).toBe(0);
    for (const message of messages.slice(1, 3)) {
      expect(message.values.slice(0, 3)).toEqual(['onStatus', 0, null]);
      expect(message.values).toHaveLength(4);
      expect(statusOf(message)?.get('level')).toBe('status');
      expect(statusOf(message)?.get('description')).toBeTypeOf('string');
      expect(message.timestamp).toBe(0);
    }
    expect(messages[3]?.values).toEqual(['|RtmpSampleAccess', true, true]);
    expect(messages.slice(5, 7).map(({ payload }) => payload)).toEqual([aacHeader(), avcHeader()]);
  });

  it.each([
    [[]],
    [[-2]],
    [[-1]],
    [[-2000]],
    [[-1000]],
    [[Number.NaN]],
    [['zero']],
    [[null, null, null]],
    [[-2, -1]],
    [[-2, -1, true]],
    [[-2, 0, true]],
    [[-2000, -1, 1]],
    [[-2, -1, 3]],
  ])('plays a live stream for the arguments %j', async (args) => {
    const publisher = await TestPublisher.open(server, `args-${JSON.stringify(args)}`);
    publisher.video(0, avcKey(1));
    await publisher.client.barrier();
    const client = await server.connected();
    const id = await client.createStream();
    const messages = await playing(client, id, [`args-${JSON.stringify(args)}`, ...args], publisher);
    expect(wordsOf(messages).slice(1, 3)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    expect(mediaOf(client, id)).toEqual(publisher.sent);
  });

  it.each([0, 5, 1500.5])('plays no live stream from %d, which is a place in a recording', async (start) => {
    const publisher = await TestPublisher.open(server, `place-${start}`);
    publisher.video(0, avcKey(1));
    await publisher.client.barrier();
    const client = await server.connected();
    const id = await client.createStream();
    expect(wordsOf(await playing(client, id, [`place-${start}`, start]))).toEqual(['NetStream.Play.StreamNotFound']);
  });

  it.each([false, 0, 2])('does not say Reset where reset is %j', async (reset) => {
    const client = await server.connected();
    const id = await client.createStream();
    const words = wordsOf(await playing(client, id, ['no-reset', -2, -1, reset]));
    expect(words).toContain('NetStream.Play.Start');
    expect(words).not.toContain('NetStream.Play.Reset');
  });

  it.each([[[]], [['']], [[null]], [[7]], [['a\nb']], [['?query']], [['x'.repeat(2000)]]])(
    'refuses the name in %j with StreamNotFound, and goes on',
    async (args) => {
      const client = await server.connected();
      const id = await client.createStream();
      const messages = await playing(client, id, args);
      expect(wordsOf(messages)).toEqual(['NetStream.Play.StreamNotFound']);
      expect(messages[0] && statusOf(messages[0])?.get('level')).toBe('error');
      expect(messages[0]?.messageStreamId).toBe(id);
      await client.play('after-bad-name', id);
    },
  );

  it('waits for a publisher, is told of it, gets everything from its first message on, and is told of its end', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    const start = await playing(client, id, ['awaited']);
    expect(wordsOf(start)).toEqual([
      `event 0 of ${id}`,
      'NetStream.Play.Reset',
      'NetStream.Play.Start',
      '|RtmpSampleAccess',
    ]);
    const before = client.received.length;
    const publisher = await TestPublisher.open(server, 'awaited');
    publisher.data(0, '@setDataFrame', 'onMetaData', { width: 1 });
    publisher.audio(0, aacHeader());
    publisher.audio(0, aacFrame(1));
    await settle(publisher, client);
    publisher.deleteStream();
    await client.nextMessage((message) => wordOf(message) === `event 1 of ${id}`);
    const told = client.received.slice(before).filter(({ type, payload }) => type !== 4 || payload[1] !== 7);
    expect(wordsOf(told)).toEqual([
      `event 0 of ${id}`,
      'NetStream.Play.PublishNotify',
      'onMetaData',
      '8',
      '8',
      'NetStream.Play.UnpublishNotify',
      `event 1 of ${id}`,
    ]);
    for (const message of told) {
      const status = statusOf(message);
      if (status === undefined) continue;
      expect(status.get('level')).toBe('status');
      expect(message.messageStreamId).toBe(id);
      expect(message.values.slice(0, 3)).toEqual(['onStatus', 0, null]);
    }
  });

  it('goes on with the next publication of the name, and shows nothing of the one before', async () => {
    const client = await server.connected();
    const id = await client.play('twice');
    const sent: unknown[] = [];
    for (const round of [1, 2, 3]) {
      const publisher = await TestPublisher.open(server, 'twice');
      publisher.video(0, avcHeader(round));
      publisher.video(0, avcKey(round));
      publisher.video(40, avcInter(round));
      const late = await server.connected();
      await settle(publisher, client);
      await late.play('twice');
      await settle(publisher, late);
      expect(mediaOf(late)).toEqual(publisher.sent);
      late.destroy();
      publisher.client.reset();
      await client.status('NetStream.Play.UnpublishNotify');
      sent.push(...publisher.sent);
    }
    expect(mediaOf(client, id)).toEqual(sent);
    const between = await server.connected();
    await between.play('twice');
    await between.barrier();
    expect(mediaOf(between)).toEqual([]);
  });

  it('of another name on the same stream ends the first, without a Stop', async () => {
    const one = await TestPublisher.open(server, 'switch-1');
    const two = await TestPublisher.open(server, 'switch-2');
    one.video(0, avcKey(1));
    two.video(0, avcKey(2));
    await settle(one);
    await settle(two);
    const client = await server.connected();
    const id = await client.createStream();
    await playing(client, id, ['switch-1'], one);
    const words = wordsOf(await playing(client, id, ['switch-2'], two));
    expect(words.slice(0, 3)).toEqual([`event 0 of ${id}`, 'NetStream.Play.Reset', 'NetStream.Play.Start']);
    one.video(40, avcInter(1));
    two.video(40, avcInter(2));
    await settle(one, client);
    await settle(two, client);
    expect(mediaOf(client, id)).toEqual([one.sent[0], ...two.sent]);
  });

  it('can be started again on one stream, of the same name', async () => {
    const publisher = await TestPublisher.open(server, 'same');
    publisher.video(0, avcKey(1));
    await settle(publisher);
    const client = await server.connected();
    const id = await client.createStream();
    await playing(client, id, ['same'], publisher);
    await playing(client, id, ['same'], publisher);
    const next = publisher.video(40, avcInter(1));
    await settle(publisher, client);
    expect(mediaOf(client, id)).toEqual([publisher.sent[0], publisher.sent[0], next]);
  });

  it('serves one name to two streams of one connection', async () => {
    const publisher = await TestPublisher.open(server, 'doubled');
    const client = await server.connected();
    const first = await client.play('doubled');
    const second = await client.play('doubled');
    publisher.video(0, avcKey(1));
    publisher.audio(3, aacFrame(1));
    await settle(publisher, client);
    expect(mediaOf(client, first)).toEqual(publisher.sent);
    expect(mediaOf(client, second)).toEqual(publisher.sent);
  });

  it.each(['closeStream', 'deleteStream', 'play(false)'])('ends at %s, and nothing comes after it', async (how) => {
    const publisher = await TestPublisher.open(server, `ends-${how}`);
    const client = await server.connected();
    const id = await client.play(`ends-${how}`);
    publisher.video(0, avcKey(1));
    await settle(publisher, client);
    if (how === 'closeStream') client.sendCommand('closeStream', 0, [null], id);
    else if (how === 'deleteStream') client.sendCommand('deleteStream', 0, [null, id]);
    else client.sendCommand('play', 0, [null, false], id);
    await client.barrier();
    const before = client.received.length;
    publisher.video(40, avcInter(1));
    publisher.deleteStream();
    await settle(publisher, client);
    expect(client.received.slice(before).filter(({ messageStreamId }) => messageStreamId === id)).toEqual([]);
    expect(wordsOf(client.received).includes('NetStream.Play.Stop')).toBe(how !== 'deleteStream');
    await client.play('something-else', how === 'deleteStream' ? await client.createStream() : id);
  });
});

describe('what is passed on', () => {
  it('is the same, in the same order, for every player', async () => {
    const publisher = await TestPublisher.open(server, 'exact');
    const players: [WireClient, number][] = [];
    for (let i = 0; i < 8; i += 1) {
      const client = await server.connected();
      players.push([client, await client.play('exact')]);
    }
    publisher.video(0, avcHeader());
    publisher.audio(0, aacHeader());
    for (let i = 0; i < 60; i += 1) {
      publisher.video(i * 40, i % 25 === 0 ? avcKey(i, 5000) : avcInter(i, (i * 97) % 3000));
      publisher.audio(i * 40 + 13, aacFrame(i, (i * 31) % 500));
      if (i % 10 === 0) publisher.data(i * 40 + 13, 'onTextData', { text: `line ${i}` });
    }
    await settle(publisher, ...players.map(([client]) => client));
    for (const [client, id] of players) expect(digestsOf(mediaOf(client, id))).toEqual(digestsOf(publisher.sent));
  });

  it.each([
    ['near 2²⁴', [0xff_fffd, 0xff_fffe, 0xff_ffff, 0x100_0000, 0x100_0001]],
    ['over 2³¹', [0x7fff_ffff, 0x8000_0000, 0x8000_0001]],
    ['over 2³²', [0xffff_fff0, 0xffff_ffff, 0, 5, 40]],
    ['going backwards', [5000, 4000, 4040, 0, 10]],
    ['that jump', [0, 100_000_000, 3_000_000_000, 20]],
    ['that stand still', [77, 77, 77]],
  ])('has timestamps %s unchanged, also for messages of several chunks', async (title, times) => {
    const publisher = await TestPublisher.open(server, `times-${title}`);
    const player = await server.connected();
    await player.play(`times-${title}`);
    times.forEach((time, i) => {
      publisher.video(time, i === 0 ? avcKey(i, 130_000) : avcInter(i, 130_000));
      publisher.audio(time, aacFrame(i));
      publisher.data(time, 'onCuePoint', { i });
    });
    await settle(publisher, player);
    expect(digestsOf(mediaOf(player))).toEqual(digestsOf(publisher.sent));
    const late = await server.connected();
    await late.play(`times-${title}`);
    await settle(publisher, late);
    expect(digestsOf(mediaOf(late))).toEqual(digestsOf(publisher.sent));
  });

  it('includes empty audio and video messages', async () => {
    const publisher = await TestPublisher.open(server, 'empty');
    const player = await server.connected();
    await player.play('empty');
    publisher.audio(0, new Uint8Array(0));
    publisher.video(0, new Uint8Array(0));
    publisher.audio(20, aacFrame(1));
    publisher.audio(40, new Uint8Array(0));
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual(publisher.sent);
  });

  it('includes a key frame of seven megabytes', async () => {
    const publisher = await TestPublisher.open(server, 'big');
    publisher.client.setChunkSize(1_000_000);
    const player = await server.connected();
    await player.play('big');
    publisher.video(0, avcKey(1, 7_000_000));
    publisher.audio(1, aacFrame(1));
    expect((await player.nextMessage(({ type }) => type === 8)).timestamp).toBe(1);
    expect(digestsOf(mediaOf(player))).toEqual(digestsOf(publisher.sent));
    const late = await server.connected();
    await late.play('big');
    await late.nextMessage(({ type }) => type === 8);
    expect(digestsOf(mediaOf(late))).toEqual(digestsOf(publisher.sent));
  });

  it.each([
    ['Sorenson H.263', 0x12, 0x22],
    ['Screen video', 0x13, 0x23],
    ['VP6', 0x14, 0x24],
    ['VP6 with alpha', 0x15, 0x25],
    ['Screen video 2', 0x16, 0x26],
    ['HEVC as codec id 12', 0x1c, 0x2c],
    ['a codec that nobody knows', 0x1f, 0x2f],
  ])('includes %s, with a late joiner at its key frame', async (title, key, inter) => {
    const publisher = await TestPublisher.open(server, `codec-${title}`);
    const body = (first: number, seed: number): Uint8Array => concat(bytes(first, 1, 0, 0, 0), pattern(90, seed));
    publisher.video(0, body(key, 1));
    publisher.video(40, body(inter, 2));
    const start = publisher.video(80, body(key, 3));
    const last = publisher.video(120, body(inter, 4));
    await settle(publisher);
    const late = await server.connected();
    await late.play(`codec-${title}`);
    await settle(publisher, late);
    expect(mediaOf(late)).toEqual([start, last]);
  });

  it.each([0x02, 0x12, 0x2f, 0x3e, 0x4e, 0x5a, 0x6e, 0x7c, 0x8c, 0xb6, 0xe6, 0xff])(
    'includes audio whose first byte is %i',
    async (first) => {
      const publisher = await TestPublisher.open(server, `audio-${first}`);
      const player = await server.connected();
      await player.play(`audio-${first}`);
      publisher.audio(0, concat(bytes(first), pattern(50)));
      publisher.audio(20, bytes(first));
      await settle(publisher, player);
      expect(mediaOf(player)).toEqual(publisher.sent);
    },
  );

  it.each<[string, readonly AmfInput[]]>([
    ['onTextData', ['onTextData', { text: 'hello', language: 'eng', trackid: 1 }]],
    ['onCuePoint', ['onCuePoint', { name: 'ad', time: 1.5, type: 'event', parameters: { a: 'b' } }]],
    ['onCaption', ['onCaption', 'YXNk']],
    ['onCaptionInfo', ['onCaptionInfo', { type: '708', data: 'YXNk' }]],
    ['onFI', ['onFI', { sd: '21-11-2026', st: '05:22:13.000' }]],
    ['a handler of one', ['anything', 1, 'two', null, undefined, true, [1, 2, 3], new Date(0)]],
    ['a name alone', ['ping']],
    ['no name', [{ a: 1 }, 7]],
    ['a long handler', ['h'.repeat(1000), 1]],
  ])('includes data: %s', async (title, values) => {
    const publisher = await TestPublisher.open(server, `data-${title}`);
    const player = await server.connected();
    const id = await player.play(`data-${title}`);
    publisher.audio(10, aacFrame(1));
    publisher.data(20, ...values);
    publisher.audio(30, aacFrame(2));
    await settle(publisher, player);
    expect(mediaOf(player, id)).toEqual(publisher.sent);
  });

  it('takes @setDataFrame off and keeps the time', async () => {
    const publisher = await TestPublisher.open(server, 'set-data-frame');
    const player = await server.connected();
    await player.play('set-data-frame');
    publisher.data(1234, '@setDataFrame', 'onMetaData', { width: 640, encoder: 'x' });
    publisher.data(1300, '@setDataFrame', 'onCustom', 'text');
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual([
      dataMessage(1234, 'onMetaData', { width: 640, encoder: 'x' }),
      dataMessage(1300, 'onCustom', 'text'),
    ]);
  });

  it('includes data of type 15, without the byte before its values', async () => {
    const publisher = await TestPublisher.open(server, 'type-15');
    const player = await server.connected();
    await player.play('type-15');
    const values = encodeAmf0(['onTextData', { text: 'x' }]);
    publisher.send(15, 20, concat(bytes(0), values));
    publisher.send(15, 30, concat(bytes(0), encodeAmf0(['@setDataFrame', 'onMetaData', { width: 1 }])));
    // Some senders leave the format byte out.
    publisher.send(15, 40, values);
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual([
      { type: 18, timestamp: 20, payload: values },
      dataMessage(30, 'onMetaData', { width: 1 }),
      { type: 18, timestamp: 40, payload: values },
    ]);
  });

  it('takes data that cannot be read, and goes on', async () => {
    const publisher = await TestPublisher.open(server, 'odd-data');
    const player = await server.connected();
    await player.play('odd-data');
    publisher.send(18, 0, new Uint8Array(0));
    publisher.send(15, 0, new Uint8Array(0));
    publisher.send(15, 0, bytes(0));
    publisher.send(15, 0, bytes(0x99));
    publisher.data(0, '@setDataFrame');
    publisher.data(0, '@clearDataFrame');
    publisher.data(0, '@clearDataFrame', 7);
    const sent = publisher.audio(50, aacFrame(1));
    await settle(publisher, player);
    expect(mediaOf(player).at(-1)).toEqual(sent);
  });

  it('takes an aggregate apart, with its times moved to that of the aggregate [RTMP §7.1.6]', async () => {
    const publisher = await TestPublisher.open(server, 'aggregate');
    const player = await server.connected();
    await player.play('aggregate');
    const part = (type: number, time: number, payload: Uint8Array): Uint8Array =>
      concat(
        bytes(type, 0, payload.length >>> 8, payload.length & 0xff),
        bytes((time >>> 16) & 0xff, (time >>> 8) & 0xff, time & 0xff, time >>> 24, 0, 0, 0),
        payload,
        bytes(0, 0, (11 + payload.length) >>> 8, (11 + payload.length) & 0xff),
      );
    const body = concat(
      part(9, 500, avcKey(1)),
      part(8, 510, aacFrame(1)),
      part(18, 510, encodeAmf0(['onTextData', 1])),
      part(9, 540, avcInter(1)),
    );
    publisher.send(22, 1000, body);
    await settle(publisher, player);
    expect(mediaOf(player)).toEqual([
      { type: 9, timestamp: 1000, payload: avcKey(1) },
      { type: 8, timestamp: 1010, payload: aacFrame(1) },
      dataMessage(1010, 'onTextData', 1),
      { type: 9, timestamp: 1040, payload: avcInter(1) },
    ]);
  });
});

describe('with windows', () => {
  it('everything comes all the same, and the end after it', async () => {
    const windowed = await startTestServer();
    try {
      const publisher = await TestPublisher.open(windowed, 'windowed');
      const player = await windowed.connected();
      const id = await player.play('windowed');
      for (let i = 0; i < 100; i += 1) publisher.video(i, i % 30 === 0 ? avcKey(i, 20_000) : avcInter(i, 9000));
      publisher.deleteStream();
      await player.status('NetStream.Play.UnpublishNotify');
      expect(digestsOf(mediaOf(player, id))).toEqual(digestsOf(publisher.sent));
    } finally {
      await windowed.close();
    }
  });
});
