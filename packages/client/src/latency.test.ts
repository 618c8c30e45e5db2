import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeAmf0, encodeAmf0, findLatencySei, insertLatencySei, messageTypes } from '@millrace/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { fetchClockOffset } from './clock-offset.js';
import { LatencyMeter } from './latency-meter.js';
import { LatencyReport } from './latency-report.js';
import { NetConnection } from './net-connection.js';
import type { NetStreamEvent } from './net-stream-event.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An H.264 key frame with one slice of four bytes. */
const frame: Uint8Array = Uint8Array.of(0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 1, 2, 3);
const baseMs = 1_700_000_000_000;

function video(timestamp: number, payload: Uint8Array = frame): NetStreamEvent {
  return { type: 'video', timestamp, payload };
}

function data(timestamp: number, ...values: Parameters<typeof encodeAmf0>[0]): NetStreamEvent {
  const payload = encodeAmf0(values);
  return { type: 'data', timestamp, payload, values: decodeAmf0(payload) };
}

describe('LatencyMeter', () => {
  it('reads each way, with the offset of the clock', () => {
    const meter = new LatencyMeter({ clockOffsetMs: 1000 });
    expect(meter.take(video(40), baseMs)).toEqual({});
    expect(meter.take(data(0, 'onMetaData', { cu_basetime: baseMs }), baseMs)).toEqual({});
    expect(meter.take(video(40), baseMs)).toEqual({ baseTime: 960 });
    expect(meter.take({ type: 'audio', timestamp: 100, payload: frame }, baseMs)).toEqual({ baseTime: 900 });
    expect(meter.take(video(200, insertLatencySei(frame, baseMs + 190)), baseMs)).toEqual({ baseTime: 800, sei: 810 });
    expect(meter.take(data(300, 'currentTime', baseMs + 300), baseMs)).toEqual({ baseTime: 700, currentTime: 700 });
    expect(meter.latency).toEqual({ baseTime: 700, currentTime: 700, sei: 810 });
  });

  it('takes timestamps that have started again, and seconds', () => {
    const meter = new LatencyMeter();
    meter.take(data(0, 'onMetaData', { cubasetime: baseMs }));
    expect(meter.take(video(10), baseMs + 2 ** 32 + 60)).toEqual({ baseTime: 50 });
    expect(meter.take(data(10, 'currentTime', baseMs / 1000), baseMs + 7).currentTime).toBe(7);
  });

  it.each([
    ['more than ten minutes', baseMs - 600_001],
    ['the future', baseMs + 600_001],
    ['a clock in seconds', baseMs / 1000],
    ['a clock from 0', 1],
  ])('does not know what comes of %s', (_what, nonsense) => {
    const meter = new LatencyMeter();
    meter.take(data(0, 'onMetaData', { cu_basetime: nonsense }), baseMs);
    meter.take(data(0, 'currentTime', baseMs + 700_000), baseMs);
    meter.take(video(0, insertLatencySei(frame, 1)), baseMs);
    expect(meter.latency).toEqual({});
  });

  it('forgets the base time when another publisher tells none', () => {
    const meter = new LatencyMeter();
    meter.take(data(0, 'onMetaData', { cu_basetime: baseMs }), baseMs);
    meter.take(video(0), baseMs + 5);
    meter.take(data(0, 'onMetaData', { width: 5 }), baseMs);
    expect(meter.latency).toEqual({});
    expect(meter.take(video(0), baseMs)).toEqual({});
  });

  it('takes anything', () => {
    const meter = new LatencyMeter();
    meter.take({ type: 'data', timestamp: 0, payload: frame, values: undefined });
    meter.take({ type: 'data', timestamp: 0, payload: frame, values: [] });
    meter.take({ type: 'video', timestamp: 0, payload: new Uint8Array(0) });
    meter.take(data(0, 'currentTime', 'now'));
    meter.take(data(0, 'currentTime', Number.NaN));
    meter.take(data(0, 'onMetaData', { cu_basetime: Number.POSITIVE_INFINITY }));
    meter.take(video(0));
    expect(meter.latency).toEqual({});
  });
});

describe('publishing with a clock', () => {
  async function publishing(options: Parameters<Awaited<ReturnType<NetConnection['createStream']>>['publish']>[2]) {
    const server = await ScriptedServer.start(acceptAll);
    closers.push(() => server.close());
    const connection = await NetConnection.connect(server.url);
    closers.push(() => connection.close());
    const stream = await connection.createStream();
    await stream.publish('test', 'live', options);
    const media = () => server.peer.events.flatMap((event) => (event.type === 'media' ? [event.message] : []));
    const received = async (count: number) => {
      await server.until(() => media().length >= count);
      return media();
    };
    return { stream, received };
  }

  it('leaves everything as it is unless asked', async () => {
    const { stream, received } = await publishing({});
    stream.sendVideo(0, frame);
    expect((await received(1)).map(({ payload }) => [...payload])).toEqual([[...frame]]);
  });

  it.each([
    ['a ready body', (values: Parameters<typeof encodeAmf0>[0]) => encodeAmf0(values)],
    ['values', (values: Parameters<typeof encodeAmf0>[0]) => values],
  ])('puts the base time into metadata given as %s', async (_name, form) => {
    const { stream, received } = await publishing({ latency: ['baseTime'], clockOffsetMs: 3_600_000 });
    const beforeMs = Date.now() + 3_600_000;
    stream.sendData(500, form(['@setDataFrame', 'onMetaData', { width: 16, cu_basetime: 5 }]));
    stream.sendVideo(540, frame);
    const [metadata, video] = await received(2);
    const [, handler, properties] = decodeAmf0(metadata?.payload ?? frame);
    expect(handler).toBe('onMetaData');
    const { width, cu_basetime: baseTime } = Object.fromEntries(
      (properties as { properties: Map<string, number> }).properties,
    );
    expect(width).toBe(16);
    expect(baseTime).toBeGreaterThanOrEqual(beforeMs - 500);
    expect([...(video?.payload ?? [])]).toEqual([...frame]);
  });

  it('tells every way from one clock, with metadata of its own where there is none', async () => {
    const { stream, received } = await publishing({ latency: ['baseTime', 'currentTime', 'sei'] });
    stream.sendVideo(1000, frame);
    stream.sendAudio(1020, Uint8Array.of(0xaf, 1, 2));
    // Whenever it is sent: a frame is of its timestamp.
    stream.sendVideo(1040, frame);
    stream.sendVideo(16_000, frame);
    const messages = await received(7);
    expect(messages.map(({ messageTypeId, timestamp }) => [messageTypeId, timestamp])).toEqual([
      [messageTypes.dataAmf0, 1000],
      [messageTypes.dataAmf0, 1000],
      [messageTypes.video, 1000],
      [messageTypes.audio, 1020],
      [messageTypes.video, 1040],
      [messageTypes.dataAmf0, 16_000],
      [messageTypes.video, 16_000],
    ]);
    const meter = new LatencyMeter();
    const nowMs = Date.now();
    const figures = messages.flatMap(({ messageTypeId, timestamp, payload }) => {
      if (messageTypeId === messageTypes.video) return [meter.take(video(timestamp, payload), nowMs)];
      if (messageTypeId !== messageTypes.dataAmf0) return [];
      // As a server does that passes metadata on.
      const values = decodeAmf0(payload).filter((value) => value !== '@setDataFrame');
      return [meter.take({ type: 'data', timestamp, payload, values }, nowMs)];
    });
    const both = figures.filter((each) => Object.keys(each).length === 2);
    expect(both).toHaveLength(5);
    for (const { baseTime, sei, currentTime } of both) expect(sei ?? currentTime).toBe(baseTime);
    expect(findLatencySei(messages[2]?.payload ?? frame)).toBeDefined();
  });

  it('is measured by those who play', async () => {
    const server = await ScriptedServer.start(acceptAll);
    closers.push(() => server.close());
    const connection = await NetConnection.connect(server.url);
    closers.push(() => connection.close());
    const stream = await connection.createStream();
    await stream.play('test', { latency: true, clockOffsetMs: 500 });
    const { session, flush } = server.peer;
    const payload = insertLatencySei(frame, Date.now());
    session.sendMessage(6, { messageTypeId: messageTypes.video, timestamp: 0, messageStreamId: stream.id, payload });
    flush();
    for await (const event of stream) if (event.type === 'video') break;
    expect(stream.latency.sei).toBeGreaterThan(400);
    expect(stream.latency.baseTime).toBeUndefined();
  });
});

describe('LatencyReport', () => {
  it('tells the best figure every five seconds, and not at once', () => {
    const report = new LatencyReport();
    expect(report.due({}, 0)).toBeUndefined();
    expect(report.due({ sei: 900 }, 60_000)).toBeUndefined();
    expect(report.due({ sei: 100, currentTime: 7 }, 64_999)).toBeUndefined();
    expect(report.due({ sei: 100.4, currentTime: 7 }, 65_000)).toBe(100);
    expect(report.due({ baseTime: 0, sei: 100 }, 69_999)).toBeUndefined();
    expect(report.due({ baseTime: 0, sei: 100 }, 71_000)).toBe(0);
    expect(report.due({ currentTime: -7 }, 76_000)).toBe(-7);
  });

  it.each([
    [{ latency: true }, true],
    [{ latency: true, reportLatency: false }, false],
    [{ reportLatency: true }, false],
  ])('is sent by who plays with %o: %s', async (options, isSent) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    closers.push(async () => vi.useRealTimers());
    const server = await ScriptedServer.start(acceptAll);
    closers.push(() => server.close());
    const connection = await NetConnection.connect(server.url);
    closers.push(() => connection.close());
    const stream = await connection.createStream();
    await stream.play('test', options);
    const { session, flush, events } = server.peer;
    const send = async (): Promise<void> => {
      const payload = insertLatencySei(frame, Date.now());
      session.sendMessage(6, { messageTypeId: messageTypes.video, timestamp: 0, messageStreamId: stream.id, payload });
      flush();
      for await (const event of stream) if (event.type === 'video') break;
    };
    await send();
    vi.advanceTimersByTime(5000);
    await send();
    // What comes after it has been read: so has the report.
    stream.receiveAudio(false);
    await server.until(() => events.some((event) => event.type === 'receiveAudio'));
    const calls = events.flatMap((event) => (event.type === 'call' ? [event.request] : []));
    expect(calls).toHaveLength(isSent ? 1 : 0);
    for (const { name, transactionId, messageStreamId, args } of calls) {
      expect({ name, transactionId, messageStreamId }).toEqual({
        name: 'reportLatency',
        transactionId: 0,
        messageStreamId: stream.id,
      });
      expect(args).toEqual([expect.any(Number)]);
    }
  });
});

describe('fetchClockOffset', () => {
  async function clock(answer: (nowMs: number) => string, status = 200): Promise<string> {
    const server = createServer((_request, response) => {
      response.writeHead(status).end(answer(Date.now()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/clock`;
  }

  it('asks for the offset', async () => {
    const url = await clock((nowMs) => JSON.stringify({ errno: 0, errmsg: 'success', data: nowMs + 3_600_000 }));
    const offsetMs = await fetchClockOffset(url);
    expect(Math.abs(offsetMs - 3_600_000)).toBeLessThan(60_000);
  });

  it.each([
    ['no JSON', 'hello', 200],
    ['no time', '{"data":"1"}', 200],
    ['null', 'null', 200],
    ['an error', '{"data":1}', 500],
  ])('refuses %s', async (_name, answer, status) => {
    const url = await clock(() => answer, status);
    await expect(fetchClockOffset(url)).rejects.toMatchObject({ code: 'ERR_CLOCK_ANSWER' });
  });
});
