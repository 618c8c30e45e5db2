import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BodyRoom } from './body-room.js';
import type { TunnelReply } from './tunnel-reply.js';
import { TunnelTransport } from './tunnel-transport.js';

/** A reply, and what became of it: the bytes of the answer, or that it was refused. */
class Reply implements TunnelReply {
  isGone = false;
  answer: readonly number[] | 'refused' | undefined;
  taken: () => void = () => undefined;

  send(bytes: Uint8Array, taken: () => void): void {
    this.answer = [...bytes];
    this.taken = taken;
  }

  refuse(): void {
    this.answer = 'refused';
  }
}

class Scene {
  readonly received: number[] = [];
  readonly told: string[] = [];
  nowMs = 0;
  readonly carrier = { destroyed: false };
  onReceived: (bytes: Uint8Array) => void = () => undefined;
  readonly tunnel = new TunnelTransport({
    id: 'x',
    peer: { address: '203.0.113.7', localAddress: undefined, tls: false },
    room: new BodyRoom({ maxBytes: 1000, maxBytesTogether: 1000 }),
    idleTimeoutMs: 60_000,
    now: () => this.nowMs,
    onBegin: (tunnel, firstByte) => {
      this.told.push(`begin ${firstByte}`);
      tunnel.attach({
        received: (bytes) => {
          this.received.push(...bytes);
          this.onReceived(bytes);
        },
        closing: () => this.told.push('closing'),
        failed: () => this.told.push('failed'),
        closed: () => this.told.push('closed'),
      });
    },
    onGone: () => this.told.push('gone'),
  });

  constructor() {
    this.tunnel.touch(this.carrier);
  }

  post(command: 'send' | 'idle' | 'close', sequence: number, ...bytes: readonly number[]): Reply {
    const reply = new Reply();
    const body = Uint8Array.from(bytes);
    this.tunnel.takeRoom(body.length);
    this.tunnel.post({ command, sequence, body, reply });
    return reply;
  }

  /** Time goes by, and deadlines are looked at. */
  wait(ms: number): void {
    this.nowMs += ms;
    this.tunnel.checkDeadline(this.nowMs);
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function write(scene: Scene, ...bytes: readonly number[]): void {
  scene.tunnel.write(Uint8Array.from(bytes));
}

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

describe('a tunnel', () => {
  it('carries bytes both ways', async () => {
    const scene = new Scene();
    scene.onReceived = () => write(scene, 7, 8);
    expect(scene.post('send', 0, 3, 4).answer).toEqual([1, 7, 8]);
    expect(scene.post('send', 1).answer).toEqual([1]);
    expect(scene.received).toEqual([3, 4]);
    expect(scene.told).toEqual(['begin 3']);
  });

  it('tells of bytes that nobody has fetched', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    write(scene, 1, 2, 3);
    expect(scene.tunnel.pendingBytes).toBe(3);
    const reply = scene.post('idle', 1);
    expect(reply.answer).toEqual([1, 1, 2, 3]);
    expect(scene.tunnel.pendingBytes).toBe(3);
    reply.taken();
    expect(scene.tunnel.pendingBytes).toBe(0);
  });

  it('sends a lot in several answers', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    const all = new Uint8Array(2_500_000).map((_, at) => at % 251);
    scene.tunnel.write(all.subarray(0, 1_200_000));
    scene.tunnel.write(all.subarray(1_200_000));
    const answers = [1, 2, 3].map((sequence) => scene.post('idle', sequence).answer as number[]);
    expect(answers.map(({ length }) => length)).toEqual([1 + 1024 * 1024, 1 + 1024 * 1024, 1 + 2_500_000 - 2 ** 21]);
    expect(Buffer.from(answers.flatMap((answer) => answer.slice(1))).equals(all)).toBe(true);
  });

  it('holds an idle until there is something, for who mostly plays', async () => {
    const scene = new Scene();
    scene.onReceived = () => write(scene, 7, 8);
    scene.post('send', 0, 3);
    const held = scene.post('idle', 1);
    expect(held.answer).toBeUndefined();
    write(scene, 9);
    write(scene, 10);
    await nextTick();
    expect(held.answer).toEqual([1, 9, 10]);
    const empty = scene.post('idle', 2);
    vi.advanceTimersByTime(60);
    expect(empty.answer).toEqual([1]);
  });

  it('holds nothing for who mostly publishes', () => {
    const scene = new Scene();
    scene.post('send', 0, 3, 4, 5);
    expect(scene.post('idle', 1).answer).toEqual([1]);
  });

  it('answers a held idle when another request comes', () => {
    const scene = new Scene();
    const held = scene.post('idle', 0);
    expect(held.answer).toBeUndefined();
    scene.onReceived = () => write(scene, 7);
    const next = scene.post('send', 1, 3);
    expect([held.answer, next.answer]).toEqual([[1], [1, 7]]);
  });

  it('asks to be polled less and less while nothing happens', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    const bytes = Array.from({ length: 80 }, (_, at) => scene.post('idle', at + 1).answer?.[0]);
    expect([...new Set(bytes)]).toEqual([1, 3, 5, 9, 17, 33]);
    write(scene, 1);
    expect(scene.post('idle', 81).answer?.[0]).toBe(1);
  });

  it('puts requests in order', () => {
    const scene = new Scene();
    const [second, first] = [scene.post('send', 1, 5), scene.post('send', 0, 3, 4)];
    expect(scene.received).toEqual([3, 4, 5]);
    expect([first.answer, second.answer]).toEqual([[1], [1]]);
  });

  it('takes the first number as it is, when none comes before it', () => {
    const scene = new Scene();
    const reply = scene.post('send', 1, 3);
    expect(scene.received).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(scene.received).toEqual([3]);
    expect(reply.answer).toEqual([1]);
  });

  it('gives the same answer to the same request, and takes its bytes once', () => {
    const scene = new Scene();
    scene.onReceived = ([byte = 0]) => write(scene, byte + 10);
    scene.post('send', 0, 3);
    expect(scene.post('send', 1, 4).answer).toEqual([1, 14]);
    expect(scene.post('send', 1, 4).answer).toEqual([1, 14]);
    expect(scene.post('send', 0, 3).answer).toEqual([1, 13]);
    expect(scene.received).toEqual([3, 4]);
  });

  it('keeps no more than a megabyte for that', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    for (const sequence of [1, 2]) {
      scene.tunnel.write(new Uint8Array(600_000));
      scene.post('idle', sequence);
    }
    expect(scene.post('idle', 2).answer).toHaveLength(600_001);
    expect(scene.post('idle', 1).answer).toHaveLength(1);
  });

  it('keeps what was to be sent on a connection that is gone', () => {
    const scene = new Scene();
    const lost = scene.post('idle', 0);
    lost.isGone = true;
    write(scene, 7);
    const again = scene.post('idle', 0);
    expect(lost.answer).toBeUndefined();
    expect(again.answer).toEqual([1, 7]);
  });

  it('holds back requests while nothing is read', () => {
    const scene = new Scene();
    scene.onReceived = () => scene.tunnel.setReading(false);
    scene.post('send', 0, 3);
    const later = scene.post('send', 1, 4);
    expect([scene.received, later.answer]).toEqual([[3], undefined]);
    const wanted = vi.fn();
    scene.tunnel.whenReading(wanted);
    scene.onReceived = () => undefined;
    scene.tunnel.setReading(true);
    expect(wanted).toHaveBeenCalledOnce();
    expect([scene.received, later.answer]).toEqual([[3, 4], [1]]);
  });
});

it('neither loses nor doubles a byte, in whatever order requests come, and however often', () => {
  // The request behind them only asks.
  const size = 23;
  const order = fc.shuffledSubarray([...Array(size).keys()], { minLength: size });
  const repeats = fc.array(fc.tuple(fc.nat(size), fc.nat(size - 1)), { maxLength: 20 });
  fc.assert(
    fc.property(order, repeats, fc.array(fc.nat(size), { maxLength: 10 }), (arrivals, again, writes) => {
      const scene = new Scene();
      const [said, answers] = [[] as number[], Array.from({ length: size + 1 }, () => [] as Reply[])];
      const ask = (sequence: number): void => {
        // Every third one only asks.
        const bytes = sequence % 3 === 2 ? [] : [sequence === 0 ? 3 : sequence, 100 + sequence];
        answers[sequence]?.push(scene.post(bytes.length === 0 ? 'idle' : 'send', sequence, ...bytes));
      };
      for (const [at, sequence] of arrivals.entries()) {
        ask(sequence);
        for (const [when, repeated] of again) if (when === at && arrivals.indexOf(repeated) < at) ask(repeated);
        for (const when of writes) {
          if (when !== at) continue;
          said.push(at, when);
          write(scene, at, when);
        }
      }
      ask(size);
      vi.advanceTimersByTime(100);
      const sent = Array.from({ length: size }, (_, at) => (at % 3 === 2 ? [] : [at === 0 ? 3 : at, 100 + at])).flat();
      expect(scene.received).toEqual(sent);
      // Those that were asked again have the same answer, or one with nothing in it.
      const got = answers.flatMap((replies) => {
        const all = replies.map(({ answer = [] }) => answer.slice(1) as number[]);
        return all.reduce((longest, bytes) => (bytes.length > longest.length ? bytes : longest), []);
      });
      expect(got).toEqual(said);
    }),
    { numRuns: 200, seed: 7 },
  );
});

describe('a tunnel goes on', () => {
  it('for whom every request has a connection of its own', () => {
    const scene = new Scene();
    scene.carrier.destroyed = true;
    for (let count = 0; count < 10; count += 1) {
      scene.tunnel.touch({ destroyed: true });
      scene.wait(4000);
    }
    expect(scene.tunnel.isGone).toBe(false);
  });
});

describe('a tunnel ends', () => {
  it('when its client closes it, after what came before', async () => {
    const scene = new Scene();
    const close = scene.post('close', 1);
    scene.post('send', 0, 3);
    expect(close.answer).toEqual([0]);
    expect(scene.post('idle', 2).answer).toBe('refused');
    await nextTick();
    expect([scene.received, scene.told]).toEqual([[3], ['begin 3', 'gone', 'closed']]);
    expect(scene.tunnel.closeReason).toBeUndefined();
  });

  it('when what was left to send has been fetched', async () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    write(scene, 7);
    scene.tunnel.end('over');
    write(scene, 8);
    const last = scene.post('send', 1, 4);
    expect([last.answer, scene.received]).toEqual([[1, 7], [3]]);
    expect(scene.told).toEqual(['begin 3', 'closing']);
    last.taken();
    expect(scene.post('idle', 2).answer).toBe('refused');
    await nextTick();
    expect(scene.told).toEqual(['begin 3', 'closing', 'gone', 'closed']);
  });

  it('when nobody fetches what is left', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    write(scene, 7);
    scene.tunnel.end('over');
    vi.advanceTimersByTime(2000);
    expect(scene.told).toContain('gone');
  });

  it('at once, with every body that is still coming', () => {
    const scene = new Scene();
    const dropped: string[] = [];
    scene.tunnel.whileComing(() => dropped.push('coming'));
    const complete = scene.tunnel.whileComing(() => dropped.push('complete'));
    complete();
    scene.tunnel.takeRoom(1001);
    expect(scene.tunnel.isGone).toBe(true);
    expect(dropped).toEqual(['coming']);
  });

  it('at once, with everything that waits refused', () => {
    const scene = new Scene();
    scene.post('send', 0, 3);
    write(scene, 7, 7);
    scene.post('idle', 1).taken();
    const [held, early] = [scene.post('idle', 2), scene.post('send', 4, 5)];
    scene.tunnel.close('a fault');
    expect([held.answer, early.answer]).toEqual(['refused', 'refused']);
    expect(scene.tunnel.pendingBytes).toBe(0);
  });

  it.each<[string, (scene: Scene) => void, string]>([
    ['no request comes', (scene) => scene.wait(60_001), 'no request came'],
    [
      'its connections are gone',
      (scene) => {
        scene.wait(4000);
        scene.carrier.destroyed = true;
        scene.wait(4000);
        scene.tunnel.touch({ destroyed: false });
        scene.wait(20_000);
        expect(scene.tunnel.closeReason).toBeUndefined();
        scene.tunnel.touch(scene.carrier);
        scene.carrier.destroyed = true;
        scene.wait(1);
        scene.wait(61_000);
      },
      'no request came',
    ],
    [
      'it has no connection for long',
      (scene) => {
        scene.carrier.destroyed = true;
        scene.wait(5001);
      },
      'its connections are gone',
    ],
    [
      'a request is missing for long',
      (scene) => {
        scene.post('send', 0, 3);
        scene.post('send', 2, 5);
        scene.wait(4000);
        scene.tunnel.touch(scene.carrier);
        scene.wait(4000);
      },
      'request 1 is missing',
    ],
    ['a request is far ahead', (scene) => scene.post('send', 256, 3), 'too far ahead'],
    [
      'too many bytes wait',
      (scene) => {
        scene.post('send', 2, ...Array(600).fill(3));
        scene.post('send', 3, ...Array(600).fill(3));
      },
      'more bytes than limits.partialBytes',
    ],
    [
      'requests come that are not read',
      (scene) => {
        scene.tunnel.setReading(false);
        for (let count = 0; count < 300; count += 1) scene.tunnel.whenReading(() => undefined);
      },
      'nobody can read yet',
    ],
    [
      'its answers are not read',
      (scene) => {
        for (let sequence = 0; sequence < 1100; sequence += 1) scene.post('send', sequence, 3);
      },
      'reads no answers',
    ],
    [
      'a long answer is asked for again and again, and not read',
      (scene) => {
        scene.post('send', 0, 3);
        scene.tunnel.write(new Uint8Array(1_000_000));
        for (let count = 0; count < 6; count += 1) scene.post('idle', 1);
      },
      'reads no answers',
    ],
  ])('when %s', (_name, happen, reason) => {
    const scene = new Scene();
    happen(scene);
    expect(scene.tunnel.closeReason).toContain(reason);
    expect(scene.told).toContain('gone');
    expect(scene.post('idle', 1).answer).toBe('refused');
  });
});
