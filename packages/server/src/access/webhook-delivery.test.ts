import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientWith, forbidden, stream, undecided, WebhookScene } from '../../test/webhook-scene.js';

let scene: WebhookScene;
beforeEach(async () => {
  scene = new WebhookScene();
  await scene.receiver.listen();
});
afterEach(() => scene.close());

describe('attempts', () => {
  it.each([500, 503, 429])('again after %d, with the same body', async (status) => {
    scene.receiver.answerInTurn(
      (response) => response.writeHead(status).end('{"reason":"no"}'),
      (response) => response.writeHead(200).end(),
    );
    expect(await scene.guard('secret=x').publish(clientWith(), stream())).toBeUndefined();
    const [first, second] = scene.receiver.received;
    expect(scene.receiver.received).toHaveLength(2);
    expect(second?.text).toBe(first?.text);
  });

  it('are so many; then the client is refused', async () => {
    scene.receiver.answer = (response) => response.writeHead(500).end('{"reason":"database password wrong"}');
    const url = scene.receiver.url.replace('http://', 'http://user:pa55@');
    expect(await scene.guard('retries=3', `onPublish=${url}?k=pa55`).publish(clientWith(), stream())).toEqual(
      undecided,
    );
    expect(scene.receiver.received).toHaveLength(4);
    expect(scene.lines).toEqual([
      {
        level: 'warn',
        message: 'a webhook failed',
        event: 'on_publish',
        url: scene.receiver.url,
        problem: 'status 500',
        attempts: 4,
      },
    ]);
  });

  it.each([
    ['is silent', () => undefined],
    ['is cut', (socket: { destroy(): void }) => socket.destroy()],
    ['is no HTTP', (socket: { end(text: string): void }) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    [
      'is another protocol',
      (s: { end(t: string): void }) => s.end('HTTP/1.1 101 S\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n'),
    ],
    ['is endless headers', (s: { write(t: string): void }) => s.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}`)],
  ])('fail where the answer %s', async (_case, answer) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    const guard = scene.guard(`url=${url}`, 'timeoutMs=100', 'retries=1');
    expect(await guard.publish(clientWith(), stream())).toEqual(undecided);
    expect(connections).toBe(2);
    expect(scene.lines).toMatchObject([{ url, attempts: 2, message: 'a webhook failed', problem: expect.any(String) }]);
    await guard.close(0);
    server.close();
    await once(server, 'close');
  });

  it('fail where nobody listens', async () => {
    const guard = scene.guard();
    await scene.receiver.close();
    expect(await guard.publish(clientWith(), stream())).toEqual(undecided);
    expect(scene.lines).toMatchObject([{ message: 'a webhook failed', attempts: 3 }]);
  });

  it('are not used up by a connection that the receiver lets go of', async () => {
    const requests = new Map<unknown, number>();
    scene.receiver.answer = (response, _webhook, { socket }) => {
      const count = (requests.get(socket) ?? 0) + 1;
      requests.set(socket, count);
      if (count === 1) response.writeHead(204).end();
      else socket.destroy();
    };
    const guard = scene.guard('retries=0');
    expect(await guard.connect(clientWith())).toBeUndefined();
    expect(await guard.publish(clientWith(), stream())).toBeUndefined();
    expect([...requests.values()]).toEqual([2, 1]);
  });

  it('are made 64 at a time; of more than webhooks.maxPending others, clients are refused', async () => {
    const held: (() => void)[] = [];
    scene.receiver.answer = (response) => held.push(() => response.writeHead(204).end());
    const guard = scene.guard('maxPending=2');
    const granted = Array.from({ length: 66 }, () => guard.publish(clientWith(), stream()));
    expect(guard.publish(clientWith(), stream())).toEqual({ ...forbidden, description: 'The server is busy.' });
    expect(scene.lines).toMatchObject([{ level: 'warn', refused: 1, message: expect.stringContaining('maxPending') }]);
    await scene.receiver.next(64);
    expect(held).toHaveLength(64);
    scene.receiver.answer = (response) => response.writeHead(204).end();
    for (const release of held) release();
    expect(await Promise.all(granted)).toEqual(Array.from({ length: 66 }, () => undefined));
    expect(scene.receiver.received).toHaveLength(66);
  });
});

describe('the end of a stream', () => {
  it('is told with its duration and the id of its beginning', async () => {
    const guard = scene.guard();
    const [published, played] = [stream('a'), stream('b', 'k=v')];
    await guard.publish(clientWith(), published);
    scene.clockMs += 500;
    await guard.play(clientWith(), played);
    scene.clockMs += 1234.4;
    guard.ended(clientWith(), 'play', played);
    guard.ended(clientWith({ id: '8' }), 'publish', published);
    const [publish, play, ...ends] = await scene.receiver.next(4);
    const stop = ends.find(({ body }) => body.event === 'on_stop');
    const unpublish = ends.find(({ body }) => body.event === 'on_unpublish');
    expect(stop?.body).toMatchObject({ durationMs: 1234, stream: { name: 'b', query: { k: 'v' } } });
    expect(unpublish?.body).toMatchObject({ durationMs: 1734, stream: { name: 'a', type: 'live' } });
    expect(stop?.body.stream.id).toBe(play?.body.stream.id);
    expect(unpublish?.body.stream.id).toBe(publish?.body.stream.id);
    expect(unpublish?.body.stream.id).not.toBe(stop?.body.stream.id);
    expect(unpublish?.body.id).not.toBe(publish?.body.id);
  });

  it('is told of what was granted alone, and once', async () => {
    scene.receiver.answerInTurn(
      (response) => response.writeHead(403).end(),
      (response) => response.writeHead(204).end(),
    );
    const guard = scene.guard();
    const [refused, granted] = [stream(), stream()];
    await guard.publish(clientWith(), refused);
    guard.ended(clientWith(), 'publish', refused);
    guard.ended(clientWith(), 'publish', stream());
    await guard.publish(clientWith(), granted);
    guard.ended(clientWith(), 'publish', granted);
    guard.ended(clientWith(), 'publish', granted);
    await guard.close(10_000);
    expect(scene.receiver.events).toEqual(['on_publish', 'on_publish', 'on_unpublish']);
  });

  it('is told where nobody was asked about the beginning', async () => {
    const guard = scene.guard('onPlay=off');
    const played = stream();
    expect(guard.play(clientWith(), played)).toBeUndefined();
    guard.ended(clientWith(), 'play', played);
    expect((await scene.receiver.next(1))[0]?.body.event).toBe('on_stop');
  });

  it('keeps its order for each client, also when attempts fail', async () => {
    const guard = scene.guard('onPublish=off', 'onPlay=off');
    const failed = new Set<string>();
    scene.receiver.answer = (response, { body }) => {
      const isFirst = !failed.has(body.id);
      failed.add(body.id);
      response.writeHead(isFirst ? 500 : 200).end();
    };
    for (let i = 0; i < 10; i += 1) {
      for (const id of ['1', '2', '3']) {
        const requested = stream(`${i}`);
        guard.publish(clientWith({ id }), requested);
        guard.ended(clientWith({ id }), 'publish', requested);
      }
    }
    await guard.close(10_000);
    for (const id of ['1', '2', '3']) {
      const names = scene.receiver.received
        .filter(({ body }) => body.client.id === id)
        .map(({ body }) => body.stream.name);
      expect(names).toEqual(Array.from({ length: 20 }, (_, i) => `${Math.floor(i / 2)}`));
    }
  });

  it('is given up when refused, or failed', async () => {
    scene.receiver.answerInTurn(
      (response) => response.writeHead(404).end(),
      (response) => response.writeHead(500).end(),
    );
    const guard = scene.guard('onPlay=off', 'retries=1');
    for (const requested of [stream('a'), stream('b')]) {
      guard.play(clientWith(), requested);
      guard.ended(clientWith(), 'play', requested);
    }
    await guard.close(10_000);
    expect(scene.receiver.events).toHaveLength(3);
    expect(scene.lines).toMatchObject([
      { level: 'warn', event: 'on_stop', status: 404, message: 'a webhook was not accepted' },
      { level: 'warn', event: 'on_stop', problem: 'status 500', message: 'a webhook failed' },
    ]);
  });

  it('is dropped, the oldest first, where more than webhooks.maxPending wait', async () => {
    let release = (): void => undefined;
    scene.receiver.answer = (response) => {
      release = () => response.writeHead(204).end();
    };
    const guard = scene.guard('onPlay=off', 'maxPending=2');
    const end = (name: string): void => {
      const requested = stream(name);
      guard.play(clientWith(), requested);
      guard.ended(clientWith(), 'play', requested);
    };
    end('0');
    await scene.receiver.next(1);
    for (const name of ['1', '2', '3', '4', '5']) end(name);
    expect(scene.lines).toMatchObject([{ level: 'warn', refused: 1, message: expect.stringContaining('dropped') }]);
    scene.clockMs += 60_000;
    end('6');
    expect(scene.lines[1]).toMatchObject({ refused: 3 });
    scene.receiver.answer = (response) => response.writeHead(204).end();
    release();
    await guard.close(10_000);
    expect(scene.receiver.received.map(({ body }) => body.stream.name)).toEqual(['0', '5', '6']);
  });

  it('does not wait for the end of another client', async () => {
    scene.receiver.answer = (response, { body }) => body.client.id === '2' && response.writeHead(204).end();
    const guard = scene.guard('onPlay=off', 'timeoutMs=60000');
    for (const id of ['1', '1', '2', '2']) {
      const requested = stream();
      guard.play(clientWith({ id }), requested);
      guard.ended(clientWith({ id }), 'play', requested);
    }
    const received = await scene.receiver.next(3);
    expect(received.map(({ body }) => body.client.id).sort()).toEqual(['1', '2', '2']);
  });
});

describe('close', () => {
  it('ends what is under way when its time is over', async () => {
    scene.receiver.answer = () => undefined;
    const guard = scene.guard('timeoutMs=60000', 'onPlay=off');
    const verdict = guard.publish(clientWith(), stream());
    for (const _ of [1, 2, 3]) {
      const requested = stream();
      guard.play(clientWith(), requested);
      guard.ended(clientWith(), 'play', requested);
    }
    await scene.receiver.next(2);
    await guard.close(1);
    expect(await verdict).toEqual(undecided);
    expect(scene.lines.map(({ message }) => message).sort()).toEqual([
      'a webhook failed',
      'a webhook failed',
      'webhooks are not sent: the server stops',
    ]);
    expect(scene.lines).toContainEqual(expect.objectContaining({ unsent: 2 }));
    expect(scene.lines).toContainEqual(expect.objectContaining({ problem: 'the server stops', attempts: 1 }));
  });

  it('ends the wait between attempts', async () => {
    scene.receiver.answer = (response) => response.writeHead(500).end();
    const guard = scene.patientGuard(1_000_000);
    const verdict = guard.publish(clientWith(), stream());
    await scene.receiver.next(1);
    await guard.close(0);
    expect(await verdict).toEqual(undecided);
    expect(scene.receiver.received).toHaveLength(1);
  });

  it('refuses from then on', async () => {
    const guard = scene.guard();
    await guard.close(0);
    expect(await guard.connect(clientWith())).toMatchObject({ description: 'The server is stopping.' });
    expect(scene.receiver.received).toEqual([]);
  });
});

describe('examples/webhook-receiver.js', () => {
  it('verifies the signature and checks the key', async () => {
    const file = fileURLToPath(new URL('../../../../examples/webhook-receiver.js', import.meta.url));
    const env = { ...process.env, WEBHOOK_SECRET: 's3cret', STREAM_KEY: 'k3y' };
    const child = spawn(process.execPath, [file, '0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      // Also where it ends without a word.
      const [line] = await Promise.race([once(child.stdout, 'data'), exited]);
      const url = `url=http://127.0.0.1:${/port (\d+)/.exec(String(line))?.[1]}/`;
      const guard = scene.guard(url, 'secret=s3cret');
      expect(await guard.connect(clientWith())).toBeUndefined();
      expect(await guard.publish(clientWith(), stream('studio', 'key=k3y'))).toBeUndefined();
      expect(await guard.publish(clientWith(), stream('studio', 'key=other'))).toEqual({
        ...forbidden,
        kind: 'credentials',
        description: 'The stream key is wrong.',
      });
      expect(await scene.guard(url, 'secret=other').play(clientWith(), stream())).toMatchObject({ kind: 'forbidden' });
      expect(await scene.guard(url).play(clientWith(), stream())).toMatchObject({ kind: 'forbidden' });
    } finally {
      child.kill();
      await exited;
    }
  });
});
