import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ReceivedWebhook, WebhookReceiver } from '../../test/webhook-receiver.js';
import { clientWith, forbidden, stream, WebhookScene } from '../../test/webhook-scene.js';
import { loadConfig } from '../config/index.js';
import { hasWebhooks } from './index.js';
import { signWebhook } from './webhook-signature.js';

let scene: WebhookScene;
beforeEach(async () => {
  scene = new WebhookScene();
  await scene.receiver.listen();
});
afterEach(() => scene.close());

describe('what is sent', () => {
  it('says who asks for what', async () => {
    const query = 'key=a%26b&key=second&__proto__=x&=';
    expect(await scene.guard().publish(clientWith(), stream('studio', query))).toBeUndefined();
    const [webhook] = scene.receiver.received;
    expect(webhook).toMatchObject({ method: 'POST', target: '/hook' });
    expect(webhook?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(webhook?.headers['user-agent']).toMatch(/^millrace\/\d/);
    expect(webhook?.headers).not.toHaveProperty('millrace-signature');
    expect(webhook?.headers).not.toHaveProperty('authorization');
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const { stream: sent = {}, ...rest }: Partial<ReceivedWebhook['body']> = webhook?.body ?? {};
    expect(rest).toEqual({
      event: 'on_publish',
      id: uuid,
      time: expect.any(Number),
      server: { id: uuid, host: expect.any(String), version: expect.stringMatching(/^\d/) },
      client: {
        id: '7',
        transport: 'rtmp',
        address: '203.0.113.7',
        tls: false,
        app: 'live/room',
        tcUrl: 'rtmp://host/live/room?token=t1',
        query: { token: 't1' },
        pageUrl: 'http://page/',
        swfUrl: 'http://page/a.swf',
        software: 'FMLE/3.0',
        bearerToken: '',
      },
    });
    const { query: sentQuery, ...streamRest } = sent;
    expect(streamRest).toEqual({
      id: uuid,
      app: 'live/room',
      name: 'studio',
      path: '/live/room/studio',
      type: 'live',
    });
    expect(Object.entries(sentQuery ?? {})).toEqual([
      ['key', 'a&b'],
      ['__proto__', 'x'],
      ['', ''],
    ]);
  });

  it('has no stream when a client connects', async () => {
    expect(await scene.guard().connect(clientWith({ bearerToken: 'jwt' }))).toBeUndefined();
    expect(scene.receiver.received[0]?.body).toMatchObject({ event: 'on_connect', client: { bearerToken: 'jwt' } });
    expect(scene.receiver.received[0]?.body).not.toHaveProperty('stream');
  });

  it('carries any text unharmed', async () => {
    const guard = scene.guard();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), async (name, tcUrl) => {
        await guard.play(clientWith({ tcUrl }), stream(name));
        expect(scene.receiver.received.at(-1)?.body).toMatchObject({ client: { tcUrl }, stream: { name } });
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('is signed as docs/webhooks.md says', () => {
    // printf '1767225600.{"event":"on_connect"}' | openssl dgst -sha256 -hmac s3cret
    const digest = '34c4ec2f8565f51e720e6dfff21c16977584dbf4e16437e7a1125a3784793020';
    expect(signWebhook('s3cret', 1_767_225_600, '{"event":"on_connect"}')).toBe(`t=1767225600,v1=${digest}`);
  });

  it('is signed so that another implementation can verify it', async () => {
    const guard = scene.guard('secret=s3crét');
    await guard.publish(clientWith(), stream('sprähch'));
    const [webhook] = scene.receiver.received;
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(webhook?.headers['millrace-signature'])) ?? [];
    const mac = createHmac('sha256', Buffer.from('s3crét', 'utf8'));
    mac.update(Buffer.concat([Buffer.from(`${seconds}.`), Buffer.from(webhook?.text ?? '', 'utf8')]));
    expect(hex).toBe(mac.digest('hex'));
    expect(Math.abs(Number(seconds) - (webhook?.body.time ?? 0) / 1000)).toBeLessThan(60);
  });

  it('has the user and password of the URL as Basic authorization', async () => {
    const url = scene.receiver.url.replace('http://', 'http://ann:p%40ss:w%C3%B6rd@');
    await scene.guard(`onPlay=${url}?a=b`).play(clientWith(), stream());
    const [webhook] = scene.receiver.received;
    const credentials = Buffer.from('ann:p@ss:wörd').toString('base64');
    expect(webhook).toMatchObject({ target: '/hook?a=b', headers: { authorization: `Basic ${credentials}` } });
  });

  it('goes to the address of its event', async () => {
    const other = new WebhookReceiver();
    await other.listen();
    const guard = scene.guard(`onPublish=${other.url}`, 'onPlay=off');
    expect(await guard.publish(clientWith(), stream())).toBeUndefined();
    expect(guard.play(clientWith(), stream())).toBeUndefined();
    expect(await guard.connect(clientWith())).toBeUndefined();
    expect([other.events, scene.receiver.events]).toEqual([['on_publish'], ['on_connect']]);
    await other.close();
  });

  it('is nothing without an address, and the answer comes at once', () => {
    const guard = scene.guard('url=');
    expect([guard.connect(clientWith()), guard.publish(clientWith(), stream())]).toEqual([undefined, undefined]);
  });

  it.each([
    [['url='], false],
    [['url=', 'onStop=off'], false],
    [['url=', 'onStop=http://h/'], true],
    [['url=http://h/'], true],
  ])('webhooks with %j: %s', (set, expected) => {
    const { webhooks } = loadConfig({ set: set.map((key) => `webhooks.${key}`) });
    expect(hasWebhooks(webhooks)).toBe(expected);
  });

  it('is never longer than 64 KiB', async () => {
    const guard = scene.guard();
    const verdict = await guard.connect(clientWith({ tcUrl: 'ü'.repeat(33_000) }));
    expect(verdict).toMatchObject({ kind: 'forbidden', description: 'The request is too long.' });
    expect(await guard.connect(clientWith({ tcUrl: 'ü'.repeat(30_000) }))).toBeUndefined();
    expect(scene.receiver.received).toHaveLength(1);
  });
});

describe('the answer', () => {
  it.each([200, 201, 204, 299])('%d grants', async (status) => {
    scene.receiver.answer = (response) => response.writeHead(status).end();
    expect(await scene.guard().publish(clientWith(), stream())).toBeUndefined();
  });

  it.each([
    [301, 'forbidden'],
    [304, 'forbidden'],
    [400, 'forbidden'],
    [401, 'credentials'],
    [403, 'forbidden'],
    [404, 'forbidden'],
  ])('%d refuses at once: %s', async (status, kind) => {
    scene.receiver.answer = (response) => response.writeHead(status, { location: `${scene.receiver.url}/other` }).end();
    expect(await scene.guard().publish(clientWith(), stream())).toEqual({ ...forbidden, kind });
    expect(scene.receiver.received).toHaveLength(1);
    expect(scene.lines).toMatchObject([
      { level: 'debug', event: 'on_publish', status, message: 'refused by a webhook' },
    ]);
  });

  it('has the code of what was asked for', async () => {
    scene.receiver.answer = (response) => response.writeHead(403).end();
    const guard = scene.guard();
    expect(await guard.connect(clientWith())).toMatchObject({ code: 'NetConnection.Connect.Rejected' });
    expect(await guard.play(clientWith(), stream())).toMatchObject({ code: 'NetStream.Play.Failed' });
  });

  it.each([
    ['{"reason":"Wrong key."}', 'Wrong key.'],
    ['{"reason":" a\\u0000b\\r\\nc\\u202ed\\ud800e\\u2028 "}', 'abcde'],
    [JSON.stringify({ reason: '😀'.repeat(300) }), '😀'.repeat(200)],
    ['{"reason":""}', 'Not allowed.'],
    ['{"reason":"\\n"}', 'Not allowed.'],
    ['{"reason":5}', 'Not allowed.'],
    ['{"Reason":"no"}', 'Not allowed.'],
    ['["reason"]', 'Not allowed.'],
    ['"reason"', 'Not allowed.'],
    ['null', 'Not allowed.'],
    ['', 'Not allowed.'],
    ['<html>no</html>', 'Not allowed.'],
    [`{"reason":"long"${' '.repeat(70_000)}}`, 'Not allowed.'],
    [`{"reason":"not so long"${' '.repeat(60_000)}}`, 'not so long'],
  ])('gives a reason, case %#', async (body, description) => {
    scene.receiver.answer = (response) => response.writeHead(403).end(body);
    expect(await scene.guard().publish(clientWith(), stream())).toEqual({ ...forbidden, description });
  });

  it('can be without an end', async () => {
    scene.receiver.answer = (response) => {
      response.writeHead(403);
      const fill = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', fill);
      fill();
    };
    expect(await scene.guard().publish(clientWith(), stream())).toEqual(forbidden);
  });

  it.each([
    ['stops in the middle', 100],
    ['never ends', undefined],
  ])('decides by its status where its body %s', async (_case, cutAfterBytes) => {
    scene.receiver.answer = (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('x'.repeat(100), () => cutAfterBytes !== undefined && response.destroy());
    };
    expect(await scene.guard('timeoutMs=100').publish(clientWith(), stream())).toBeUndefined();
  });

  it.each([
    ['connect', 'rtmp', 'rtmp://other.example/live', true],
    ['connect', 'rtmp', 'RTMPS://other.example:443/live?a=b', true],
    ['connect', 'rtmp', 'http://other.example/', false],
    ['connect', 'rtmp', 'rtmp://other/a b', false],
    ['connect', 'rtmp', `rtmp://other/${'a'.repeat(3000)}`, false],
    ['connect', 'http-flv', 'rtmp://other.example/live', false],
    ['publish', 'rtmp', 'rtmp://other.example/live', false],
  ] as const)('a location, case %#: %s over %s', async (action, transport, location, isSent) => {
    scene.receiver.answer = (response) => response.writeHead(302, { location }).end();
    const verdict = await scene.guard()[action](clientWith({ transport }), stream());
    if (isSent) {
      const code = 'NetConnection.Connect.Rejected';
      expect(verdict).toEqual({ kind: 'redirect', code, description: expect.any(String), redirectUrl: location });
    } else expect(verdict).toMatchObject({ kind: 'forbidden', description: 'Not allowed.' });
  });
});
