import { AmfEcmaArray, AmfObject, encodeAmf0, messageTypes, parseMetadata, parseStoredDanmu } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceList, StreamList } from '../src/http/index.js';
import { Attached, headerOf } from './service-scene.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { bytes } from './wire/wire-bytes.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0', 'service.cdnIp=203.0.113.7', 'service.duplicateMessages=10']);
});
afterAll(() => server.close());

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.httpPort}${path}`, init);
}

async function services(): Promise<ServiceList['services']> {
  return ((await (await get('/api/v1/services')).json()) as ServiceList).services;
}

describe('/api/v1/services', () => {
  it('lists the services with their figures', async () => {
    const sender = await Attached.open(server, 'listed/room');
    await Attached.open(server, 'listed/room');
    sender.say('one', { messageId: 'one' });
    sender.say('one', { messageId: 'one' });
    sender.send(headerOf(), null);
    await sender.client.barrier();
    expect(await services()).toContainEqual({
      app: 'live',
      name: 'listed/room',
      path: '/live/listed/room',
      members: 2,
      laggingMembers: 0,
      messages: 1,
      dropped: 0,
      duplicates: 1,
      refused: 1,
    });
  });

  it('exports danmu as JSON lines and as subtitles, by the time of the stream of that name', async () => {
    const publisher = await TestPublisher.open(server, 'film/part 1');
    publisher.audio(1000, bytes(0xaf, 1, 1));
    const sender = await Attached.open(server, 'film/part 1');
    await publisher.client.barrier();
    sender.say('at the beginning');
    await sender.client.barrier();
    publisher.audio(3500, bytes(0xaf, 1, 1));
    await publisher.client.barrier();
    sender.say('{later}');
    await sender.client.barrier();
    const path = '/api/v1/services/live/film/part%201/danmu';
    const lines = (await (await get(path)).text()).trimEnd().split('\n');
    expect(lines.map((line) => parseStoredDanmu(line)).map((one) => [one.mediaTimeMs, one.danmu.content])).toEqual([
      [0, 'at the beginning'],
      [2500, '{later}'],
    ]);
    const ass = await get(`${path}?format=ass`);
    expect(ass.headers.get('content-type')).toBe('text/x-ssa; charset=utf-8');
    expect(await ass.text()).toMatch(/Dialogue: 0,0:00:02\.50,.*｛later｝/);
    expect((await get(`${path}?format=xml`)).status).toBe(400);
    expect((await get(path, { method: 'POST' })).status).toBe(405);
  });

  it.each(['/api/v1/services/live/nobody/danmu', '/api/v1/services/live', '/api/v1/services/live/film'])(
    'has nothing at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

describe('/clock', () => {
  it('tells the time to every page', async () => {
    const before = Date.now();
    const answer = await get('/clock');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const clock = (await answer.json()) as { data: number };
    expect(clock).toEqual({ errno: 0, errmsg: 'success', data: clock.data });
    expect(clock.data).toBeGreaterThanOrEqual(before);
    expect(clock.data).toBeLessThanOrEqual(Date.now());
  });
});

describe('metadata', () => {
  it('has cdn_ip for every player, early and late, and what it leaves out is a warning', async () => {
    const early = await server.connected();
    await early.play('metadata');
    const publisher = await TestPublisher.open(server, 'metadata');
    const members: [string, number][] = [
      ['width', 640],
      ['videodatarate', 800],
    ];
    publisher.send(messageTypes.dataAmf0, 0, encodeAmf0(['@setDataFrame', 'onMetaData', new AmfEcmaArray(members, 2)]));
    publisher.audio(0, bytes(0xaf, 1, 1));
    publisher.send(messageTypes.video, 0, bytes(0x17, 1, 0, 0, 0, 1));
    await publisher.client.barrier();
    const late = await server.connected();
    await late.play('metadata');
    for (const player of [early, late]) {
      const { payload } = await player.nextMedia();
      expect(parseMetadata(payload).values).toEqual([new AmfEcmaArray([['cdn_ip', '203.0.113.7'], ...members], 3)]);
    }
    const { streams } = (await (await get('/api/v1/streams')).json()) as StreamList;
    expect(streams.find(({ name }) => name === 'metadata')?.warnings).toEqual([
      'The metadata of the publisher leaves out framerate, audiodatarate.',
    ]);
  });
});

describe('negotiate', () => {
  it.each([
    ['http,ws,rtmp', 'ws'],
    ['rtmp', 'rtmp'],
    ['private', undefined],
    [undefined, undefined],
  ])('%s: %s', async (wanted, chosen) => {
    const client = await server.handshaken();
    const answer = await client.connectApp('live', wanted === undefined ? {} : { negotiate: wanted });
    const info = answer.values[3];
    expect(info instanceof AmfObject && info.get('negotiate')).toBe(chosen);
  });
});
