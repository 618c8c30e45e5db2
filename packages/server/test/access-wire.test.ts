import { SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { WebhookReceiver } from './webhook-receiver.js';
import { FlvClient, httpAnswer } from './wire/flv-client.js';
import { avcHeader } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { mediaOf, TestPublisher } from './wire/test-publisher.js';
import type { WireClient } from './wire/wire-client.js';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const act of cleanUp.splice(0).reverse()) await act();
});

async function start(...settings: string[]): Promise<TestServer> {
  const server = await startTestServer(['live.maxWindowMs=0', ...settings]);
  cleanUp.push(() => server.close());
  return server;
}

async function receiver(): Promise<WebhookReceiver> {
  const hooks = new WebhookReceiver();
  await hooks.listen();
  cleanUp.push(() => hooks.close());
  return hooks;
}

/** The reason of a refused publish or play. */
async function refusal(client: WireClient, command: 'publish' | 'play', name: string, code: string): Promise<unknown> {
  client.sendCommand(command, 0, [null, name], await client.createStream());
  return (await client.status(code)).get('description');
}

describe('publish keys', () => {
  it('are what a publisher writes, and not what viewers see', async () => {
    const server = await start("access.publishKeys={live/studio: 's3cret key'}");
    const publisher = await server.connected();
    const wrong = await refusal(publisher, 'publish', 'studio?key=guess', 'NetStream.Publish.BadName');
    expect(await refusal(publisher, 'publish', 'elsewhere?key=guess', 'NetStream.Publish.BadName')).toBe(wrong);
    const stream = new TestPublisher(publisher, await publisher.createStream());
    await publisher.publish('s3cret key', stream.messageStreamId);
    expect(server.running.streams.published().map(({ path }) => path)).toEqual(['/live/studio']);

    const player = await server.connected();
    await player.play('studio');
    stream.video(0, avcHeader());
    await expect.poll(() => mediaOf(player)).toEqual(stream.sent);
    const { body } = await httpAnswer(server.httpPort, 'GET', '/api/v1/streams');
    expect(body).toContain('studio');
    expect(body).not.toContain('s3cret');
    publisher.destroy();
    await expect.poll(() => server.running.streams.published().length).toBe(0);
  });
});

describe('tokens', () => {
  const secret = 'a secret of at least 32 characters';
  const token = (streams: string[], seconds: number) =>
    new SignJWT({ streams, actions: ['play'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(new TextEncoder().encode(secret));

  it('are asked for over RTMP, HTTP-FLV and WebSocket-FLV, and say nothing of what exists', async () => {
    const server = await start(`access.jwtSecret=${secret}`, 'access.jwtFor=play');
    const publisher = await server.connected();
    await publisher.publish('a', await publisher.createStream());

    const good = await token(['live/*'], 60);
    for (const target of [`/live/a.flv?token=${good}`]) {
      (await FlvClient.http(server.httpPort, target)).close();
      (await FlvClient.webSocket(server.httpPort, target)).close();
    }
    (await FlvClient.http(server.httpPort, '/live/a.flv', { authorization: `Bearer ${good}` })).close();
    const player = await server.connected();
    await player.play(`a?token=${good}`);

    const late = await token(['live/*'], -60);
    const other = await token(['live/b'], 60);
    for (const query of ['', `?token=${late}`, `?token=${other}`, '?token=x']) {
      const answers = [];
      for (const name of ['a', 'missing']) {
        const { status, headers, body } = await httpAnswer(server.httpPort, 'GET', `/live/${name}.flv${query}`);
        answers.push({ status, authenticate: headers['www-authenticate'], body });
      }
      expect(answers[0]).toMatchObject({ status: 401, authenticate: 'Bearer' });
      expect(answers[1]).toEqual(answers[0]);
      await expect(FlvClient.webSocket(server.httpPort, `/live/a.flv${query}`)).rejects.toThrow('401');
      const refused = await server.connected();
      await refusal(refused, 'play', `a${query}`, 'NetStream.Play.Failed');
    }
    const expired = await httpAnswer(server.httpPort, 'GET', `/live/a.flv?token=${late}`);
    const missing = await httpAnswer(server.httpPort, 'GET', '/live/a.flv');
    expect(JSON.parse(expired.body).message).not.toBe(JSON.parse(missing.body).message);
  });
});

describe('webhooks', () => {
  it('hear of all that happens, in order, also over HTTP', async () => {
    const hooks = await receiver();
    const server = await start(`webhooks.url=${hooks.url}`);
    const publisher = await server.connected();
    await publisher.publish('a', await publisher.createStream());
    const viewer = await FlvClient.http(server.httpPort, '/live/a.flv?who=me');
    viewer.close();
    await hooks.next(5);
    publisher.destroy();
    const events = (await hooks.next(6)).map(({ body }) => [body.event, body.client.transport]);
    expect(events).toEqual([
      ['on_connect', 'rtmp'],
      ['on_publish', 'rtmp'],
      ['on_connect', 'http-flv'],
      ['on_play', 'http-flv'],
      ['on_stop', 'http-flv'],
      ['on_unpublish', 'rtmp'],
    ]);
  });

  it('refuse with what they answer', async () => {
    const hooks = await receiver();
    hooks.answer = (response, { body }) => {
      const granted = body.event === 'on_connect';
      response.writeHead(granted ? 200 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ reason: 'Not in the plan.' }));
    };
    const server = await start(`webhooks.url=${hooks.url}`);
    const client = await server.connected();
    expect(await refusal(client, 'publish', 'a', 'NetStream.Publish.BadName')).toBe('Not in the plan.');
    expect(await refusal(client, 'play', 'a', 'NetStream.Play.Failed')).toBe('Not in the plan.');
    const { status, body } = await httpAnswer(server.httpPort, 'GET', '/live/a.flv');
    expect([status, JSON.parse(body).message]).toEqual([403, 'Not in the plan.']);
  });

  it('are told the end of everything when the server stops', async () => {
    const hooks = await receiver();
    const server = await start(`webhooks.url=${hooks.url}`);
    const publisher = await server.connected();
    await publisher.publish('a', await publisher.createStream());
    await server.running.close(2000);
    expect(hooks.events).toEqual(['on_connect', 'on_publish', 'on_unpublish']);
  });
});
