import { afterEach, expect, it } from 'vitest';
import { defineApp } from '../src/app/index.js';
import { Attached } from './service-scene.js';
import { WebhookReceiver } from './webhook-receiver.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

const receiver = new WebhookReceiver();
let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  await receiver.close();
});

it('asks the webhook about each danmu, then the application, and keeps the order', async () => {
  await receiver.listen();
  receiver.answer = (response, { body }) => {
    const { content } = (body as unknown as { danmu: { content: string } }).danmu;
    if (content === 'rude') response.writeHead(403).end('{"reason": "Be polite."}');
    else if (content === 'shout') response.end('{"content": "whisper"}');
    else if (content === 'broken') response.end('{"content": "\\u0000"}');
    else if (content === 'down') response.writeHead(500).end();
    else response.end('no JSON');
  };
  server = await startTestServer(
    [`webhooks.onDanmu=${receiver.url}`, 'live.maxWindowMs=0'],
    defineApp({ onDanmu: (_client, _service, { content }) => `${content}!` }),
  );
  const sender = await Attached.open(server, 'room?as=alice', 'live');
  const other = await Attached.open(server, 'room', 'live');
  for (const text of ['hello', 'rude', 'shout', 'broken', 'down', 'bye']) sender.say(text);
  expect([await sender.refusal(), await sender.refusal(), await sender.refusal()]).toEqual([
    'Be polite.',
    'The message cannot be sent as it was changed.',
    'This cannot be decided at the moment.',
  ]);
  expect([await other.heard(), await other.heard(), await other.heard()]).toEqual(['hello!', 'whisper!', 'bye!']);
  // Nobody is asked who may attach: that is for webhooks.url.
  expect(receiver.events).toEqual(Array.from({ length: 6 }, () => 'on_danmu'));
  expect(receiver.received[0]?.body).toMatchObject({
    client: { app: 'live', transport: 'rtmp' },
    stream: { name: 'room', path: '/live/room', query: { as: 'alice' } },
    danmu: { userId: 'alice', content: 'hello', danmuType: 0 },
  });
});
