import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageTypes } from '../message/index.js';
import { ClientSession } from './client-session.js';
import { SessionPair } from './session-pair.js';

const crypto = { randomBytes: (count: number) => new Uint8Array(count), hmacSha256: () => new Uint8Array(32) };

/** All that a server sends to a client that connects and plays. */
function recordServer(): Uint8Array {
  const pair = new SessionPair();
  const recorded: number[] = [];
  const receive = pair.client.receive.bind(pair.client);
  pair.client.receive = (bytes, nowMs) => {
    recorded.push(...bytes);
    receive(bytes, nowMs);
  };
  const id = pair.connectAndCreateStream();
  pair.client.play(id, 'test');
  pair.run();
  for (const messageTypeId of [messageTypes.audio, messageTypes.video, messageTypes.dataAmf0]) {
    pair.server.sendMessage(6, { messageTypeId, timestamp: 9, messageStreamId: id, payload: new Uint8Array(300) });
  }
  pair.server.sendSharedObject({
    ...{ name: 'board', version: 1, persistent: true },
    events: [
      { type: 'useSuccess' },
      { type: 'change', name: 'line', value: { points: [1, 2] } },
      { type: 'sendMessage', name: 'say', args: ['hello'] },
      { type: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' },
    ],
  });
  pair.run();
  return Uint8Array.from(recorded);
}

describe('ClientSession on damaged input', () => {
  it('gives events and at most one failure, never an exception', () => {
    const recorded = recordServer();
    const handshakeBytes = 1 + 1536 * 2;
    const change = fc.tuple(
      fc.integer({ min: handshakeBytes, max: recorded.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
    );
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4000 }),
        (changes, piece) => {
          const bytes = recorded.slice();
          for (const [at, value] of changes) bytes[at] = value;
          const session = new ClientSession({ crypto, nowMs: 0 });
          session.connect({ app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
          session.createStream();
          let failures = 0;
          for (let start = 0; start < bytes.length; start += piece) {
            session.receive(bytes.subarray(start, start + piece), 0);
            for (let event = session.nextEvent(); event; event = session.nextEvent()) {
              if (event.type === 'failed') failures += 1;
            }
            session.takeOutput();
          }
          expect(failures).toBeLessThanOrEqual(1);
          if (failures === 1) expect(session.ended).toBe(true);
        },
      ),
      { seed: 20_261_121, numRuns: 500 },
    );
  });

  it('survives noise instead of a handshake and after it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.boolean(), (noise, afterHandshake) => {
        const session = new ClientSession({ crypto, nowMs: 0, handshake: 'digest' });
        if (afterHandshake) session.receive(new Uint8Array(1 + 1536 * 2).fill(3, 0, 1), 0);
        session.receive(noise, 0);
        while (session.nextEvent()) session.takeOutput();
      }),
      { seed: 20_261_121, numRuns: 200 },
    );
  });
});
