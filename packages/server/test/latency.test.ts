import { insertLatencySei } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlayerList, StreamInfo, StreamList } from '../src/http/index.js';
import { Attached } from './service-scene.js';
import { FlvClient } from './wire/flv-client.js';
import { aacFrame, avcHeader } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { settle, TestPublisher } from './wire/test-publisher.js';
import { bytes } from './wire/wire-bytes.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

/** A key frame with one slice, after which the tests' publishers may say what time it is. */
const keyFrame = bytes(0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 1, 2, 3);
const hourMs = 3_600_000;

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.httpPort}${path}`, init);
}

async function streamInfo(name: string): Promise<StreamInfo | undefined> {
  const { streams } = (await (await get('/api/v1/streams')).json()) as StreamList;
  return streams.find((stream) => stream.name === name);
}

async function players(name: string, query = ''): Promise<PlayerList> {
  return (await (await get(`/api/v1/streams/live/${name}/players${query}`)).json()) as PlayerList;
}

/** The lines of a metric: labels and value. */
async function metric(name: string): Promise<string[]> {
  const text = await (await get('/metrics')).text();
  return text.split('\n').flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));
}

describe('latency of a stream', () => {
  it('is told by each way that the publisher uses', async () => {
    const publisher = await TestPublisher.open(server, 'told');
    publisher.video(0, avcHeader());
    publisher.video(40, keyFrame);
    await settle(publisher);
    expect((await streamInfo('told'))?.latency).toBeNull();
    // Clocks as far from each other as clocks of two machines are at most.
    const nowMs = Date.now();
    publisher.data(40, '@setDataFrame', 'onMetaData', { cu_basetime: nowMs - 300_000 });
    publisher.data(40, 'currentTime', nowMs + 300_000);
    publisher.audio(40, aacFrame(1));
    await settle(publisher);
    const latency = (await streamInfo('told'))?.latency;
    expect(Object.keys(latency ?? {})).toEqual(['baseTimeMs', 'currentTimeMs']);
    expect(latency?.baseTimeMs).toBeGreaterThan(290_000);
    expect(latency?.currentTimeMs).toBeLessThan(-200_000);
    const lines = await metric('millrace_stream_latency_seconds');
    expect(lines.map((line) => line.replace(/ .*/, ''))).toEqual([
      '{app="live",name="told",method="baseTime"}',
      '{app="live",name="told",method="currentTime"}',
    ]);
  });

  it('is told by the SEI, and nonsense is not', async () => {
    const publisher = await TestPublisher.open(server, 'sei');
    publisher.data(0, 'onMetaData', { cu_basetime: Date.now() - hourMs });
    publisher.video(0, insertLatencySei(keyFrame, Date.now() - 300_000));
    await settle(publisher);
    const latency = (await streamInfo('sei'))?.latency;
    expect(Object.keys(latency ?? {})).toEqual(['seiMs']);
  });
});

describe('/api/v1/streams/APP/NAME/players', () => {
  it('lists who is sent a stream, and what RTMP players report', async () => {
    const publisher = await TestPublisher.open(server, 'room/a');
    publisher.video(0, keyFrame);
    await settle(publisher);
    const player = await server.connected();
    const messageStreamId = await player.play('room/a');
    const viewer = await FlvClient.http(server.httpPort, '/live/room/a.flv');
    await viewer.until(1);
    const silent = await players('room/a');
    expect(silent.total).toBe(2);
    expect(silent.players).toEqual([
      {
        transport: 'rtmp',
        address: '127.0.0.1',
        since: expect.any(Number),
        paused: false,
        bytesOut: expect.any(Number),
        pendingBytes: 0,
        lagMs: 0,
        latencyMs: null,
      },
      expect.objectContaining({ transport: 'httpFlv', address: '127.0.0.1', latencyMs: null }),
    ]);
    for (const { bytesOut } of silent.players) expect(bytesOut).toBeGreaterThan(keyFrame.length);
    // Nonsense, what is of no playing stream, and what comes at once after another report, is not taken.
    for (const latencyMs of [Number.NaN, Number.POSITIVE_INFINITY, -hourMs, 'x', null]) {
      player.sendCommand('reportLatency', 0, [null, latencyMs], messageStreamId);
    }
    player.sendCommand('reportLatency', 0, [null], messageStreamId);
    player.sendCommand('reportLatency', 0, [null, 1], 0);
    player.sendCommand('reportLatency', 0, [null, 2], messageStreamId + 1);
    await player.barrier();
    expect((await players('room/a')).players[0]?.latencyMs).toBeNull();
    player.sendCommand('reportLatency', 0, [null, 412.4], messageStreamId);
    player.sendCommand('reportLatency', 0, [null, 5000], messageStreamId);
    await player.barrier();
    expect((await players('room/a')).players[0]?.latencyMs).toBe(412);
    expect(await metric('millrace_stream_player_latency_seconds{app="live",name="room/a"}')).toEqual([' 0.4124']);
    expect(await players('room/a', '?limit=1')).toMatchObject({ total: 2, players: [{ transport: 'rtmp' }] });
    expect((await players('room/a', '?limit=0')).players).toEqual([]);
  });

  it('answers what is asked wrongly', async () => {
    await TestPublisher.open(server, 'asked');
    const statusOf = async (path: string, method = 'GET') => (await get(`/api/v1/streams${path}`, { method })).status;
    expect(await statusOf('/live/asked/players')).toBe(200);
    expect(await statusOf('/live/nobody/players')).toBe(404);
    expect(await statusOf('/live/asked')).toBe(404);
    expect(await statusOf('/live/asked/players', 'POST')).toBe(405);
    for (const limit of ['', 'all', '-1', '1.5', '10001', '1e9']) {
      expect(await statusOf(`/live/asked/players?limit=${limit}`)).toBe(400);
    }
  });
});

describe('/metrics', () => {
  it('tells the figures of the server and of its process', async () => {
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await answer.text();
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds', 'millrace_build_info']) {
      expect(text).toContain(`# TYPE ${name} `);
    }
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
  });

  it('counts on when streams and services have ended', async () => {
    const sent = async () => Number((await metric('millrace_media_received_bytes_total '))[0]);
    const publications = async () => Number((await metric('millrace_publications_total '))[0]);
    const [bytesBefore, publicationsBefore] = [await sent(), await publications()];
    const publisher = await TestPublisher.open(server, 'counted');
    publisher.video(0, keyFrame);
    await settle(publisher);
    expect(await sent()).toBe(bytesBefore + keyFrame.length);
    expect(await metric('millrace_stream_players{app="live",name="counted"}')).toEqual([' 0']);
    publisher.deleteStream();
    await settle(publisher);
    expect([await sent(), await publications()]).toEqual([bytesBefore + keyFrame.length, publicationsBefore + 1]);
    // What has ended has no series of its own any more.
    expect(await metric('millrace_stream_players{app="live",name="counted"}')).toEqual([]);
  });

  it('counts on when services have ended, and who is refused', async () => {
    const guarded = await startTestServer(['live.maxWindowMs=0', 'access.publishFrom=203.0.113.0/24']);
    const member = await Attached.open(guarded, 'gone');
    member.say('one', { messageId: 'one' });
    member.say('one', { messageId: 'one' });
    await member.client.barrier();
    member.client.sendCommand('deleteStream', 0, [null, member.messageStreamId]);
    await member.client.barrier();
    const publisher = await guarded.connected();
    publisher.sendCommand('publish', 0, [null, 'refused', 'live'], await publisher.createStream());
    await publisher.barrier();
    const text = await (await fetch(`http://127.0.0.1:${guarded.httpPort}/metrics`)).text();
    await guarded.close();
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'millrace_services 0',
        'millrace_service_messages_total 1',
        'millrace_service_duplicate_messages_total 1',
        'millrace_refusals_total{action="publish"} 1',
        'millrace_refusals_total{action="play"} 0',
      ]),
    );
  });

  it('is each server’s own', async () => {
    const other = await startTestServer();
    const text = await (await fetch(`http://127.0.0.1:${other.httpPort}/metrics`)).text();
    await other.close();
    expect(text).toContain('\nmillrace_publications_total 0\n');
  });

  it('is for those who may use the API', async () => {
    const closed = await startTestServer(['access.apiFrom=203.0.113.0/24']);
    const statuses = await Promise.all(
      ['/metrics', '/api/v1/streams/live/test/players'].map(
        async (path) => (await fetch(`http://127.0.0.1:${closed.httpPort}${path}`)).status,
      ),
    );
    await closed.close();
    expect(statuses).toEqual([403, 403]);
  });
});
