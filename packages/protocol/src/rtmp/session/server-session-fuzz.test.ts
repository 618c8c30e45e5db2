import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError } from '../../bytes/index.js';
import { joinAggregate, messageTypes, type RawMessage } from '../message/index.js';
import { clientHandshake, ScriptedClient } from './scripted-client.js';
import type { ServerEvent } from './server-event.js';

const names = [
  ...['connect', 'createStream', 'deleteStream', 'releaseStream', 'FCPublish', 'FCUnpublish', 'FCSubscribe', 'close'],
  ...['_checkbw', 'getStreamLength', 'publish', 'play', 'pause', 'seek', 'receiveAudio', 'receiveVideo', 'closeStream'],
  ...['play2', '_result', 'unknown'],
];

const argument = fc.oneof(
  fc.constantFrom(null, undefined, true, false, '', 'a', 'b?c=d', 'live', -2, -1, 0, 1, 2, 1e300, Number.NaN),
  fc.constantFrom({}, { app: 'live' }, [1, [2]], { streamName: 'a', transition: 'switch', offset: 1 }),
  fc.constantFrom({ streamName: 'b', transition: 'stop' }, { streamName: 5, transition: {} }),
);

/** Steps of a client that knows the words, but not the order they belong in. */
const step = fc.record({
  name: fc.constantFrom(...names),
  transactionId: fc.constantFrom(0, 1, 7, -1, Number.NaN),
  messageStreamId: fc.constantFrom(0, 1, 2, 3),
  args: fc.array(argument, { maxLength: 4 }),
});

const rawMessage: fc.Arbitrary<RawMessage> = fc.record({
  messageTypeId: fc.constantFrom(...Object.values(messageTypes), 0, 7, 255),
  timestamp: fc.nat(0xffff_ffff),
  messageStreamId: fc.constantFrom(0, 1, 2, 0xff_ffff),
  payload: fc.uint8Array({ maxLength: 40 }),
});

/** A session from the handshake to the end, as one run of bytes. */
function wholeSession(): Uint8Array {
  const client = new ScriptedClient();
  const sent: Uint8Array[] = [];
  const session = client.session;
  const receive = session.receive.bind(session);
  session.receive = (bytes, nowMs) => {
    sent.push(bytes.slice());
    receive(bytes, nowMs);
  };
  const media = (messageTypeId: number, timestamp: number): RawMessage => ({
    messageTypeId,
    timestamp,
    messageStreamId: 1,
    payload: Uint8Array.from([0x17, 1, 0, 0, 0, 9, 9, 9]),
  });
  client.sendBytes(clientHandshake());
  client.connect({ fourCcList: ['hvc1'] });
  client.command('createStream', 2);
  client.command('createStream', 3);
  client.command('publish', 4, ['a', 'live'], 1);
  client.command('play', 5, ['b', -2000, -1, true], 2);
  client.sendRaw(media(18, 0), media(8, 10), media(9, 20), joinAggregate([media(8, 30), media(9, 40)]));
  client.command('pause', 0, [true, 100], 2);
  client.command('FCUnpublish', 6, ['a']);
  client.command('deleteStream', 0, [1]);
  return concat(sent);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** What must hold whatever came: an end is the last event, and there is one at most. */
function expectOneEnd(events: readonly ServerEvent[]): void {
  const ends = events.filter(({ type }) => type === 'failed' || type === 'closed');
  expect(ends.length).toBeLessThanOrEqual(1);
  if (ends.length === 1) expect(events.at(-1)).toBe(ends[0]);
  for (const event of events) if (event.type === 'failed') expect(event.error).toBeInstanceOf(RtmpRemoteError);
}

describe('ServerSession', () => {
  const session = wholeSession();

  it('does the same whatever pieces the bytes come in', () => {
    const run = (sizes: readonly number[]): { lines: string[]; events: ServerEvent[] } => {
      const client = new ScriptedClient();
      for (let at = 0, i = 0; at < session.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        client.sendBytes(session.slice(at, at + size));
        at += size;
      }
      return { lines: client.takeLines(), events: client.takeEvents() };
    };
    const whole = run([session.length]);
    expect(whole.events.map(({ type }) => type)).toEqual([
      ...['connect', 'publish', 'play'],
      ...['media', 'media', 'media', 'media', 'media'],
      ...['pause', 'stopped'],
    ]);
    const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, (pieces) => {
        expect(run(pieces)).toEqual(whole);
      }),
      { numRuns: 30, seed: 1 },
    );
    expect(run([1])).toEqual(whole);
  });

  it('survives a session with changed bytes', () => {
    const change = fc.record({ at: fc.integer({ min: 3073, max: session.length - 1 }), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = session.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        const client = new ScriptedClient();
        client.sendBytes(bytes);
        client.advance(10_000_000);
        expectOneEnd(client.takeEvents());
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it('survives any commands in any order, answered at once or never', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.array(step, { maxLength: 30 }), (autoAccept, recorded, steps) => {
        const client = ScriptedClient.withStream({ recorded });
        client.autoAccept = autoAccept;
        for (const { name, transactionId, args, messageStreamId } of steps) {
          client.command(name, transactionId, args, messageStreamId, { app: 'live' });
        }
        const events = client.takeEvents();
        expectOneEnd(events);
        for (const event of events) {
          if (event.type === 'publish' || event.type === 'play') {
            if (!autoAccept) client.session.reject(event.request, { code: 'NetStream.Failed' });
            else if (event.type === 'play') client.session.playNext(event.request, { recorded });
          } else if (event.type === 'call') {
            client.session.rejectCall(event.request);
          }
        }
        client.takeLines();
        expectOneEnd(client.takeEvents());
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('survives any messages', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(rawMessage, { maxLength: 20 }), (publishing, messages) => {
        const client = publishing ? ScriptedClient.publishing() : ScriptedClient.handshaken();
        for (const message of messages) client.sendRaw(message);
        client.takeLines();
        expectOneEnd(client.takeEvents());
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }),
        (handshaken, pieces) => {
          const client = handshaken ? ScriptedClient.handshaken() : new ScriptedClient();
          for (const piece of pieces) client.sendBytes(piece);
          expectOneEnd(client.takeEvents());
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });
});
