import { encodeAmf0 } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvClient, flvFlags, httpAnswer } from './wire/flv-client.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey, exAudio, exVideo } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { dataMessage, digestsOf, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes, concat, pattern } from './wire/wire-bytes.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

const kinds = ['http', 'webSocket'] as const;
type Kind = (typeof kinds)[number];

function view(kind: Kind, path: string): Promise<FlvClient> {
  return FlvClient[kind](server.httpPort, path);
}

/** A publisher that has sent metadata, headers and a key frame. */
async function publishAv(name: string): Promise<TestPublisher> {
  const publisher = await TestPublisher.open(server, name);
  publisher.data(0, '@setDataFrame', 'onMetaData', { width: 640 });
  publisher.video(0, avcHeader());
  publisher.audio(0, aacHeader());
  publisher.video(40, avcKey(1));
  await settle(publisher);
  return publisher;
}

const greeting = [
  dataMessage(0, 'onMetaData', { width: 640 }),
  { type: 9, timestamp: 40, payload: avcHeader() },
  { type: 8, timestamp: 40, payload: aacHeader() },
  { type: 9, timestamp: 40, payload: avcKey(1) },
];

describe.each(kinds)('FLV over %s', (kind) => {
  it('begins with a file header, metadata, sequence headers and the key frame', async () => {
    await publishAv(`${kind}-begin`);
    const viewer = await view(kind, `/live/${kind}-begin.flv`);
    expect(await viewer.until(4)).toEqual(greeting);
    expect(viewer.flags).toBe(flvFlags.audio | flvFlags.video);
  });

  it('has the same payloads and times as RTMP, then ends with the publication', async () => {
    const publisher = await publishAv(`${kind}-same`);
    const player = await server.connected();
    await player.play(`${kind}-same`);
    const viewer = await view(kind, `/live/${kind}-same.flv`);
    await viewer.until(4);
    for (let i = 0; i < 60; i += 1) {
      publisher.video(80 + i * 40, i % 20 === 0 ? avcKey(i, 30_000) : avcInter(i, 2000));
      publisher.audio(85 + i * 40, aacFrame(i));
      if (i % 16 === 0) publisher.data(85 + i * 40, 'onTextData', { text: `${i}` });
    }
    // Empty messages have no counterpart in FLV.
    publisher.audio(9000, new Uint8Array(0));
    await settle(publisher, player);
    publisher.deleteStream();
    await viewer.ended;
    expect(viewer.fault).toBeUndefined();
    const expected = mediaOf(player).filter(({ payload }) => payload.length > 0);
    expect(digestsOf(viewer.tags)).toEqual(digestsOf(expected));
  });

  it.each([
    ['over 2²⁴', [0xff_fffe, 0x100_0000, 0x100_0001]],
    ['over 2³²', [0xffff_fff0, 0xffff_ffff, 5]],
    ['going backwards', [5000, 4000, 0]],
  ])('has times %s unchanged', async (title, times) => {
    const name = `${kind}-times-${times[0]}`;
    const publisher = await TestPublisher.open(server, name);
    publisher.video(times[0] ?? 0, avcKey(1));
    await settle(publisher);
    const viewer = await view(kind, `/live/${name}.flv`);
    for (const time of times.slice(1)) publisher.video(time, avcInter(time & 0xff));
    expect((await viewer.until(times.length)).map(({ timestamp }) => timestamp)).toEqual(times);
    expect(title).toBeTypeOf('string');
  });

  it.each(['destroy', 'reset'] as const)('ends when the publisher is lost (%s)', async (how) => {
    const publisher = await publishAv(`${kind}-lost-${how}`);
    const viewer = await view(kind, `/live/${kind}-lost-${how}.flv`);
    await viewer.until(4);
    publisher.client[how]();
    await viewer.ended;
    expect(viewer.fault).toBeUndefined();
  });

  it('gives what is left before it ends', async () => {
    const publisher = await publishAv(`${kind}-rest`);
    const viewer = await view(kind, `/live/${kind}-rest.flv`);
    await viewer.until(4);
    for (let i = 0; i < 20; i += 1) publisher.video(80 + i, avcInter(i, 100_000));
    publisher.deleteStream();
    await viewer.ended;
    expect(viewer.tags).toHaveLength(24);
    expect(viewer.fault).toBeUndefined();
  });

  it.each([
    ['audio=0', flvFlags.video, [18, 9, 9]],
    ['video=0', flvFlags.audio, [18, 8]],
    ['video=false&x=1', flvFlags.audio, [18, 8]],
    ['token=abc', flvFlags.video | flvFlags.audio, [18, 9, 8, 9]],
  ])('takes the query %s', async (query, flags, types) => {
    const publisher = await publishAv(`${kind}-${query}`);
    const viewer = await view(kind, `/live/${encodeURIComponent(`${kind}-${query}`)}.flv?${query}`);
    expect((await viewer.until(types.length)).map(({ type }) => type)).toEqual(types);
    expect(viewer.flags).toBe(flags);
    expect(publisher.client.isClosed).toBe(false);
  });

  it.each([
    ['ünïcødé-名前-🎥', encodeURIComponent],
    ['with space', encodeURIComponent],
    ['a/b/c', (name: string) => name],
    ['a/b/d', encodeURIComponent],
    ['100%', encodeURIComponent],
    ['q\'uo"te<b>', encodeURIComponent],
    ['plus+and&and=', (name: string) => name],
    ['..', encodeURIComponent],
    ['dotted.flv', (name: string) => name],
    ['#hash', encodeURIComponent],
  ])('finds the name %s', async (name, encode) => {
    await publishAv(`${kind}${name}`);
    const viewer = await view(kind, `/live/${encode(`${kind}${name}`)}.flv`);
    expect(await viewer.until(4)).toEqual(greeting);
  });

  it('finds a stream of an application with an instance, and of another application', async () => {
    const first = new TestPublisher(await server.connected('app2/room'), 1);
    await first.client.publish(`${kind}-in`);
    first.video(0, avcKey(1));
    await settle(first);
    const viewer = await view(kind, `/app2/room/${kind}-in.flv`);
    expect(await viewer.until(1)).toEqual(first.sent);
  });

  it('gives audio alone its header at once', async () => {
    const publisher = await TestPublisher.open(server, `${kind}-audio`);
    publisher.audio(0, aacHeader());
    publisher.audio(20, aacFrame(1));
    await settle(publisher);
    const viewer = await view(kind, `/live/${kind}-audio.flv`);
    expect(await viewer.until(1)).toEqual([{ type: 8, timestamp: 20, payload: aacHeader() }]);
    expect(viewer.flags).toBe(flvFlags.audio);
    const next = publisher.audio(40, aacFrame(2));
    expect((await viewer.until(2))[1]).toEqual(next);
  });

  it('lets a viewer in before any media has come', async () => {
    const publisher = await TestPublisher.open(server, `${kind}-early`);
    const viewer = await view(kind, `/live/${kind}-early.flv`);
    publisher.data(0, 'onMetaData', { width: 1 });
    publisher.video(0, avcKey(1));
    expect(await viewer.until(2)).toEqual(publisher.sent);
  });

  it('carries Enhanced RTMP as it is', async () => {
    const publisher = await TestPublisher.open(server, `${kind}-enhanced`);
    const header = publisher.video(0, exVideo(1, 0, 'hvc1', pattern(30)));
    const audio = publisher.audio(0, exAudio(0, 'Opus', pattern(19)));
    const start = publisher.video(40, exVideo(1, 1, 'hvc1', pattern(300)));
    await settle(publisher);
    const viewer = await view(kind, `/live/${kind}-enhanced.flv`);
    const expected = [{ ...header, timestamp: 40 }, { ...audio, timestamp: 40 }, start];
    expect(await viewer.until(3)).toEqual(expected);
  });

  it('turns data of type 15 into script tags', async () => {
    const publisher = await publishAv(`${kind}-15`);
    const viewer = await view(kind, `/live/${kind}-15.flv`);
    await viewer.until(4);
    const values = encodeAmf0(['onTextData', { text: 'x' }]);
    publisher.send(15, 60, concat(bytes(0), values));
    expect((await viewer.until(5))[4]).toEqual({ type: 18, timestamp: 60, payload: values });
  });

  it('is refused with 404 while nothing is published, and after', async () => {
    await expect(view(kind, `/live/${kind}-never.flv`)).rejects.toThrow('404');
    const player = await server.connected();
    await player.play(`${kind}-waited`);
    await expect(view(kind, `/live/${kind}-waited.flv`)).rejects.toThrow('404');
    const publisher = await publishAv(`${kind}-waited`);
    const viewer = await view(kind, `/live/${kind}-waited.flv`);
    publisher.client.destroy();
    await viewer.ended;
    await expect(view(kind, `/live/${kind}-waited.flv`)).rejects.toThrow('404');
  });

  it('shows nothing of the publication before', async () => {
    const first = await publishAv(`${kind}-again`);
    const viewer = await view(kind, `/live/${kind}-again.flv`);
    await viewer.until(4);
    first.deleteStream();
    await viewer.ended;
    const second = await TestPublisher.open(server, `${kind}-again`);
    second.video(0, avcKey(2));
    await settle(second);
    expect(await (await view(kind, `/live/${kind}-again.flv`)).until(1)).toEqual(second.sent);
  });

  it('serves two hundred viewers', async () => {
    const publisher = await publishAv(`${kind}-many`);
    const path = `/live/${kind}-many.flv`;
    const viewers = await Promise.all(Array.from({ length: 200 }, () => view(kind, path)));
    for (let i = 0; i < 10; i += 1) publisher.video(80 + i * 40, avcInter(i, 5000));
    const expected = digestsOf([...greeting, ...publisher.sent.slice(4)]);
    for (const viewer of viewers) expect(digestsOf(await viewer.until(14))).toEqual(expected);
    const { viewers: counts } = server.running.streams
      .published()
      .filter(({ name }) => name === `${kind}-many`)
      .map(({ stream }) => ({ viewers: stream.playerCount }))[0] ?? { viewers: 0 };
    expect(counts).toBe(200);
    for (const viewer of viewers) viewer.close();
    await expect
      .poll(() => server.running.streams.published().find(({ name }) => name === `${kind}-many`)?.stream.playerCount)
      .toBe(0);
  });
});

describe('publish.takeover: replace', () => {
  it.each(kinds)('goes on with the new publication in the same %s stream', async (kind) => {
    const replacing = await startTestServer(['live.maxWindowMs=0', 'publish.takeover=replace']);
    try {
      const first = await TestPublisher.open(replacing, 'taken');
      first.video(0, avcHeader(1));
      first.video(0, avcKey(1));
      await settle(first);
      const viewer = await FlvClient[kind](replacing.httpPort, '/live/taken.flv');
      await viewer.until(2);
      const second = await TestPublisher.open(replacing, 'taken');
      await first.client.closed;
      second.video(0, avcHeader(2));
      second.video(0, avcKey(2));
      expect(await viewer.until(4)).toEqual([...first.sent, ...second.sent]);
      second.deleteStream();
      await viewer.ended;
      expect(viewer.fault).toBeUndefined();
    } finally {
      await replacing.close();
    }
  });
});

describe('HTTP around FLV', () => {
  const answer = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
    httpAnswer(server.httpPort, method, path, headers);

  it('allows every page, and says what it is', async () => {
    await publishAv('headers');
    const { status, headers, body } = await answer('HEAD', '/live/headers.flv');
    expect(status).toBe(200);
    expect(body).toBe('');
    expect(headers['content-type']).toBe('video/x-flv');
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['cache-control']).toContain('no-store');
    expect(headers['content-length']).toBeUndefined();
  });

  it.each(['GET', 'HEAD'])('%s is 404 with CORS where nothing is published', async (method) => {
    const { status, headers, body } = await answer(method, '/live/nothing-here.flv');
    expect(status).toBe(404);
    expect(headers['access-control-allow-origin']).toBe('*');
    if (method === 'GET') expect(JSON.parse(body)).toMatchObject({ error: 'not-published' });
    else expect(body).toBe('');
  });

  it('answers the preflight of a page, published or not', async () => {
    const { status, headers } = await answer('OPTIONS', '/live/nothing-here.flv', {
      origin: 'http://example.test',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'x-token, range',
    });
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-methods']).toContain('GET');
    expect(headers['access-control-allow-headers']).toMatch(/\*|x-token/);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await answer(method, '/live/headers.flv');
    expect(status).toBe(405);
    expect(headers.allow).toContain('GET');
  });

  it.each([
    ['/live/%ff.flv', 400],
    ['/live/%.flv', 400],
    ['/live/x.flv?audio=0&video=0', 400],
    ['/live/.flv', 404],
    ['/live/a%00b.flv', 404],
    ['/x.flv', 404],
    ['/live/..%2f..%2fetc%2fpasswd.flv', 404],
    [`/live/${'x'.repeat(3000)}.flv`, 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await answer('GET', path)).status).toBe(status);
  });

  it('answers in HTTP/1.1 who would rather speak HTTP/2 [RFC 9110 §7.8]', async () => {
    const publisher = await publishAv('h2c');
    const upgrade = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
    };
    expect(await answer('GET', '/healthz', upgrade)).toMatchObject({ status: 200, body: 'ok' });
    expect((await answer('GET', '/live/nothing-here.flv', upgrade)).status).toBe(404);
    expect((await answer('HEAD', '/live/h2c.flv', upgrade)).status).toBe(200);
    const viewer = await FlvClient.http(server.httpPort, '/live/h2c.flv', upgrade);
    expect(await viewer.until(4)).toEqual(greeting);
    const second = await FlvClient.http(server.httpPort, '/live/h2c.flv', upgrade);
    await second.until(4);
    second.close();
    await expect
      .poll(() => server.running.streams.published().find(({ name }) => name === 'h2c')?.stream.playerCount)
      .toBe(1);
    publisher.deleteStream();
    await viewer.ended;
    expect(viewer.fault).toBeUndefined();
  });

  it('lists what is published, with its viewers', async () => {
    const publisher = await TestPublisher.open(server, 'listed');
    publisher.video(0, avcHeader());
    publisher.audio(0, aacHeader());
    publisher.video(0, avcKey(1));
    await settle(publisher);
    const viewer = await view('http', '/live/listed.flv');
    await viewer.until(3);
    const list = JSON.parse((await answer('GET', '/api/v1/streams')).body) as { streams: { path: string }[] };
    expect(list.streams.find(({ path }) => path === '/live/listed')).toMatchObject({
      app: 'live',
      name: 'listed',
      video: { codec: 'H.264' },
      audio: { codec: 'AAC', sampleRate: 48000, channels: 2 },
      viewers: { total: 1, rtmp: 0, httpFlv: 1, wsFlv: 0 },
    });
    expect((await answer('GET', '/healthz')).body).toBe('ok');
  });
});
