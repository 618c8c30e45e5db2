import { encodeAmf0, encodeFlvHeader, encodeFlvTag, messageTypes } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedServer } from '../test/scripted-server.js';
import { NetConnection } from './net-connection.js';
import type { NetStream } from './net-stream.js';
import { publishFlv } from './publish-flv.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const metadata = encodeAmf0(['onMetaData', { width: 16 }]);
const file = Buffer.concat([
  encodeFlvHeader({ audio: true, video: true }),
  encodeFlvTag(18, 0, metadata),
  encodeFlvTag(9, 5, Uint8Array.of(0x17, 0)),
  encodeFlvTag(8, 6, Uint8Array.of(0xaf, 1)),
  encodeFlvTag(9, 15, Uint8Array.of(0x27, 1)),
]);

async function publishing(): Promise<{ server: ScriptedServer; stream: NetStream }> {
  const server = await ScriptedServer.start();
  closers.push(() => server.close());
  const connection = await NetConnection.connect(server.url);
  closers.push(() => connection.close());
  const stream = await connection.createStream();
  await stream.publish('test');
  return { server, stream };
}

async function received(server: ScriptedServer, count: number): Promise<[number, number, number][]> {
  const media = () => server.peer.events.flatMap((event) => (event.type === 'media' ? [event.message] : []));
  await server.until(() => media().length >= count);
  return media().map(({ messageTypeId, timestamp, payload }) => [messageTypeId, timestamp, payload.length]);
}

const setDataFrameBytes = encodeAmf0(['@setDataFrame']).length;
const once: [number, number, number][] = [
  [messageTypes.dataAmf0, 0, metadata.length + setDataFrameBytes],
  [messageTypes.video, 5, 2],
  [messageTypes.audio, 6, 2],
  [messageTypes.video, 15, 2],
];

describe('publishFlv', () => {
  it.each([
    ['bytes', () => new Uint8Array(file)],
    ['pieces', () => [file.subarray(0, 20), file.subarray(20)]],
    [
      'a function',
      () =>
        async function* () {
          for (const byte of file) yield Uint8Array.of(byte);
        },
    ],
  ])('sends a file given as %s', async (_name, source) => {
    const { server, stream } = await publishing();
    expect(await publishFlv(stream, source(), { realtime: false })).toEqual({ messages: 4, durationMs: 15 });
    expect(await received(server, 4)).toEqual(once);
  });

  it('keeps the pace of the file', async () => {
    const { server, stream } = await publishing();
    await publishFlv(stream, file);
    expect(await received(server, 4)).toEqual(once);
  });

  it('loops with times that go on, until it is told to stop', async () => {
    const { server, stream } = await publishing();
    const stopping = new AbortController();
    const done = publishFlv(stream, file, { loop: true, signal: stopping.signal });
    const messages = await received(server, 12);
    stopping.abort();
    expect((await done).messages).toBeGreaterThanOrEqual(12);
    expect(messages.slice(0, 12).map(([, timestamp]) => timestamp)).toEqual([
      0, 5, 6, 15, 25, 30, 31, 40, 50, 55, 56, 65,
    ]);
  });

  it('refuses to loop over what can be read once, and damaged files', async () => {
    const { stream } = await publishing();
    const pieces = (async function* () {
      yield file;
    })();
    await expect(publishFlv(stream, pieces, { loop: true })).rejects.toMatchObject({ code: 'ERR_FLV_NOT_REPEATABLE' });
    await expect(publishFlv(stream, new Uint8Array(file.subarray(0, -6)), { realtime: false })).rejects.toMatchObject({
      code: 'ERR_FLV_TRUNCATED',
    });
    await expect(publishFlv(stream, new Uint8Array(50), { realtime: false })).rejects.toMatchObject({
      code: 'ERR_FLV_SIGNATURE',
    });
  });
});
