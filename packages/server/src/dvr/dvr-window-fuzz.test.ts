import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAmf0, type RawMessage } from '@millrace/protocol';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/index.js';
import { amf0Payload, readMediaFacts, readPublishedData } from '../live/index.js';
import { silentLogger } from '../log/index.js';
import { DvrFile } from './dvr-file.js';
import { DvrWindows } from './dvr-windows.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-dvr-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const heads = [
  [],
  [0x17, 0],
  [0x17, 1, 0, 0, 0],
  [0x17, 1, 0, 0, 0],
  [0x27, 1, 0, 0, 0],
  [0xaf, 0],
  [0xaf, 1],
  [0x2f, 1],
  // Enhanced: HEVC's configuration and key frame.
  [0x90, 0x68, 0x76, 0x63, 0x31],
  [0x91, 0x68, 0x76, 0x63, 0x31, 0, 0, 0],
];
const data = [
  encodeAmf0(['@setDataFrame', 'onMetaData', { width: 1 }]),
  encodeAmf0(['onCuePoint', 1]),
  encodeAmf0(['@clearDataFrame', 'onMetaData']),
  Uint8Array.of(0, 2, 0, 1, 97, 0x11, 1),
  Uint8Array.of(9, 9, 9),
  new Uint8Array(),
];

const media = fc
  .record({
    messageTypeId: fc.constantFrom(8, 9),
    head: fc.constantFrom(...heads),
    body: fc.uint8Array({ maxLength: 12 }),
    repeat: fc.constantFrom(1, 1, 1, 20_000),
  })
  .map(({ messageTypeId, head, body, repeat }) => {
    const payload = new Uint8Array(head.length + body.length * repeat).fill(body[0] ?? 0);
    payload.set(head);
    return { messageTypeId, payload };
  });
const other = fc.record({ messageTypeId: fc.constantFrom(15, 18), payload: fc.constantFrom(...data) });
const step = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -100, max: 2000 }) }, fc.integer());

/** What a player is given of a message; `undefined`: it is none for players. */
function passed(message: RawMessage): { readonly payload: Uint8Array; readonly isFrame: boolean } | undefined {
  if (message.messageTypeId === 8 || message.messageTypeId === 9) {
    return { payload: message.payload, isFrame: readMediaFacts(message).isCoded };
  }
  const read = readPublishedData(message);
  if (read.action !== 'pass') return undefined;
  return { payload: amf0Payload(read.message) ?? new Uint8Array(), isFrame: false };
}

describe('a window', () => {
  it('has every message of a place on, each at its place, whatever is published', async () => {
    const messages = fc.array(fc.tuple(fc.oneof(media, media, other), step), { minLength: 1, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(messages, fc.nat(), async (published, askedMs) => {
        const set = [`state.dir=${folder}`, 'dvr.streams=*', 'dvr.segmentMs=1000', 'dvr.windowMs=20000'];
        let nowMs = 0;
        const config = loadConfig({ set: [...set, 'dvr.maxBytes=1048576', 'dvr.minFreeBytes=0'] });
        const windows = new DvrWindows({ config, log: silentLogger, now: () => nowMs });
        const observer = windows.observe({ path: '/live/a', app: 'live', name: 'a' });
        const window = windows.find({ app: 'live', name: 'a' });
        if (observer === undefined || window === undefined) throw new Error('there is no window');
        const sent: { readonly payload: Uint8Array; readonly timestamp: number; readonly isFrame: boolean }[] = [];
        let timestamp = 4_294_960_000;
        for (const [message, stepMs] of published) {
          timestamp = (timestamp + stepMs) >>> 0;
          const received = { ...message, timestamp, messageStreamId: 1 };
          const given = passed(received);
          if (given !== undefined) sent.push({ ...given, timestamp });
          observer.write(received, sent.length);
          nowMs += 50;
        }
        expect(window.next).toBe(sent.length);
        expect(window.bytes).toBeLessThan(3 * 1_048_576);
        const file = new DvrFile(window);
        const place = await file.seekPoint(askedMs);
        const reader = file.reader(place.position);
        let sequence = place.position;
        for (let tag = reader.peek(); tag !== undefined && tag !== 'later'; tag = reader.peek()) {
          if (tag === 'fill') {
            await reader.fill();
            continue;
          }
          const expected = sent[sequence];
          expect(tag.offset).toBe(sequence);
          expect(Buffer.compare(tag.payload, expected?.payload ?? new Uint8Array([1]))).toBe(0);
          if (expected?.isFrame === true) expect(tag.timestamp >>> 0).toBe(expected.timestamp);
          reader.skip();
          sequence += 1;
        }
        expect(sequence).toBe(sent.length);
        observer.end();
        await windows.close();
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});
