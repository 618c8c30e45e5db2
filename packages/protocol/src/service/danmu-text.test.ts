import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmfDate, AmfObject } from '../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { formatAss, type TimedDanmu } from './danmu-ass.js';
import {
  formatStoredDanmu,
  formatStoredMessage,
  parseStoredDanmu,
  parseStoredMessage,
  type StoredDanmu,
} from './danmu-store.js';
import { danmu, danmuHeader } from './service.vectors.js';

const stored: StoredDanmu = { mediaTimeMs: 1500, receivedAtMs: 1_700_000_000_250, header: danmuHeader, danmu };

const storedLine =
  '{"mediaTimeMs":1500,"receivedAtMs":1700000000250,' +
  '"header":{"version":0,"transimitType":0,"serviceType":0,"priority":4,"abandon":true,"messageID":"m-1","networkID":"net-01"},' +
  '"content":{"userID":"alice","userLevel":"7","deviceType":1,"roomID":"room","timeStamp":1700000000000,"danmuType":0,"content":"你好"}}';

const { danmu: _, ...placed } = stored;
const messageLine =
  '{"mediaTimeMs":1500,"receivedAtMs":1700000000250,' +
  '"header":{"version":0,"transimitType":0,"serviceType":7,"priority":4,"abandon":true,"messageID":"m-1","networkID":"net-01"},' +
  '"amf0":"0200026869"}';

describe('the store of danmu', () => {
  it('has one line for each', () => {
    expect(formatStoredDanmu(stored)).toBe(storedLine);
    expect(parseStoredDanmu(`${storedLine}\r\n`)).toEqual(stored);
  });

  it('keeps any text on one line', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '\r', '\t', '\u2028', '🎬', '{', '}', '__proto__'),
    });
    fc.assert(
      fc.property(text, fc.nat(), (content, mediaTimeMs) => {
        const one = { ...stored, mediaTimeMs, danmu: { ...danmu, content } };
        const line = formatStoredDanmu(one, { maxContentLength: 1000 });
        expect(line).not.toMatch(/[\r\n]/);
        expect(parseStoredDanmu(line, { maxContentLength: 1000 })).toEqual(one);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('ignores members that it does not know', () => {
    const line = storedLine.replace('{"mediaTimeMs"', '{"more":[{}],"__proto__":1,"mediaTimeMs"');
    expect(parseStoredDanmu(line.replace('"version"', '"hops":{"a":1},"version"'))).toEqual(stored);
  });

  it.each([
    ['ERR_SERVICE_STORE', storedLine.slice(0, -1), 'not JSON'],
    ['ERR_SERVICE_STORE', '', 'not JSON'],
    ['ERR_SERVICE_STORE', '[]', 'not a JSON object'],
    ['ERR_SERVICE_STORE', 'null', 'not a JSON object'],
    ['ERR_SERVICE_STORE', `${storedLine}${' '.repeat(65_536)}`, 'characters long'],
    ['ERR_SERVICE_STORE', storedLine.replace('"mediaTimeMs":1500', '"mediaTimeMs":-1'), 'mediaTimeMs'],
    ['ERR_SERVICE_STORE', storedLine.replace('"receivedAtMs":1700000000250', '"receivedAtMs":"now"'), 'receivedAtMs'],
    ['ERR_SERVICE_HEADER', storedLine.replace('"header"', '"head"'), 'the header is null'],
    ['ERR_SERVICE_HEADER', storedLine.replace('"priority":4', '"priority":{}'), 'priority is missing'],
    ['ERR_SERVICE_DANMU', storedLine.replace('"timeStamp":1700000000000', '"timeStamp":"x"'), 'timeStamp is a string'],
    ['ERR_SERVICE_DANMU', storedLine.replace('你好', 'x'.repeat(501)), 'content is 501'],
  ])('%s: %s', (code, line, message) => {
    let error: unknown;
    try {
      parseStoredDanmu(line);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('has messages of other services with their content in AMF0', () => {
    const message = { ...placed, header: { ...danmuHeader, serviceType: 7 }, content: 'hi' };
    const line = formatStoredMessage(message);
    expect(line).toBe(messageLine);
    expect(parseStoredMessage(line)).toEqual(message);
    expect(parseStoredMessage(storedLine)).toEqual(stored);
    const nested = new AmfObject([['a', [1, null, new AmfDate(5)]]]);
    const other = { ...message, content: nested };
    expect(parseStoredMessage(formatStoredMessage(other))).toEqual(other);
  });

  it.each(['', '0', 'xy', '02', '0200026869'.repeat(2), 'ff'])('refuses the content %j', (digits) => {
    const line = messageLine.replace('0200026869', digits);
    expect(() => parseStoredMessage(line)).toThrow(expect.objectContaining({ code: 'ERR_SERVICE_STORE' }));
  });

  it('never throws anything else', () => {
    const edits = fc.array(fc.tuple(fc.nat(storedLine.length - 1), fc.constantFrom(...'{}[]",:0e-\\n ')), {
      maxLength: 3,
    });
    const edited = edits.map((changes) => {
      const characters = [...storedLine];
      for (const [at, character] of changes) characters[at] = character;
      return characters.join('');
    });
    fc.assert(
      fc.property(fc.oneof(edited, fc.string(), fc.json()), (line) => {
        try {
          parseStoredMessage(line);
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpRemoteError);
        }
      }),
      { seed: 20261121, numRuns: 1000 },
    );
  });

  it.each([{ mediaTimeMs: -1 }, { mediaTimeMs: Number.NaN }, { receivedAtMs: Infinity }])('refuses %j', (times) => {
    expect(() => formatStoredDanmu({ ...stored, ...times })).toThrow(RtmpUsageError);
  });

  it('writes no line that it would not read', () => {
    const long = { ...stored, danmu: { ...danmu, content: 'x'.repeat(65_536) } };
    expect(() => formatStoredDanmu(long, { maxContentLength: 100_000 })).toThrow(RtmpUsageError);
  });
});

const timed = (mediaTimeMs: number, content: string): TimedDanmu => ({ mediaTimeMs, danmu: { ...danmu, content } });

interface AssEvent {
  readonly start: string;
  readonly end: string;
  readonly width: number;
  readonly y: number;
  readonly text: string;
}

function eventsOf(ass: string): AssEvent[] {
  return [...ass.matchAll(/^Dialogue: (.*)$/gm)].map(([, fields = '']) => {
    const [, start = '', end = ''] = fields.split(',');
    const [, x, y, text = ''] = /,,0,0,0,,\{\\move\(\d+,\d+,-(\d+),(\d+)\)\}(.*)$/.exec(fields) ?? [];
    return { start, end, width: Number(x), y: Number(y), text };
  });
}

describe('formatAss', () => {
  it('is a file of one event for each text', () => {
    const gift: TimedDanmu = { mediaTimeMs: 0, danmu: { ...danmu, danmuType: 1, content: '10' } };
    const ass = formatAss([timed(3_600_000 + 61_234, 'late'), gift, timed(-20, '你a')], { width: 640, height: 360 });
    expect(ass.split('\n').slice(0, 4)).toEqual([
      '[Script Info]',
      'ScriptType: v4.00+',
      'PlayResX: 640',
      'PlayResY: 360',
    ]);
    expect(ass.endsWith('late\n')).toBe(true);
    expect(eventsOf(ass)).toEqual([
      { start: '0:00:00.00', end: '0:00:07.98', width: Math.ceil(1.6 * 54), y: 0, text: '你a' },
      { start: '1:01:01.23', end: '1:01:09.23', width: Math.ceil(2.4 * 54), y: 0, text: 'late' },
    ]);
    expect(eventsOf(formatAss([]))).toEqual([]);
  });

  it('lets no text bring in a tag or a line', () => {
    const hostile = '{\\pos(0,0)}a\\Nb\\hc\r\nDialogue: 0,x\u2028\u0085\u0000,}';
    const [event, ...more] = eventsOf(formatAss([timed(0, hostile)]));
    expect(more).toEqual([]);
    expect(event?.text).toBe('｛＼pos(0,0)｝a＼Nb＼hc  Dialogue: 0,x   ,｝');
    const characters = fc.constantFrom('{', '}', '\\', 'N', '\n', '\r', ',', ':', 'a', '[Events]', '\u0000', '你');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: characters }), { maxLength: 5 }), (texts) => {
        const ass = formatAss(texts.map((text) => timed(0, text)));
        const plain = formatAss(texts.map(() => timed(0, '')));
        expect(ass.split('\n')).toHaveLength(plain.split('\n').length);
        for (const { text } of eventsOf(ass)) expect(text).not.toMatch(/[{}\\]/);
        expect(eventsOf(ass)).toHaveLength(texts.length);
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('gives a lane only to what cannot run into the one before', () => {
    const crossingMs = 4000;
    const width = 1000;
    const options = { width, height: 300, fontSize: 20, crossingMs, coveredShare: 1 };
    const danmus = fc.array(fc.tuple(fc.nat(8000), fc.integer({ min: 1, max: 60 })), { maxLength: 10 });
    const toMs = (clock: string) => Number(clock.slice(5)) * 1000 + Number(clock.slice(2, 4)) * 60_000;
    fc.assert(
      fc.property(danmus, (all) => {
        // Twelve lanes for ten danmu: there is always one that is free.
        const events = eventsOf(
          formatAss(
            all.map(([at, length]) => timed(at * 10, 'x'.repeat(length))),
            options,
          ),
        );
        expect(events).toHaveLength(all.length);
        for (const [i, later] of events.entries()) {
          for (const earlier of events.slice(0, i).filter(({ y }) => y === later.y)) {
            for (let at = toMs(later.start); at <= toMs(earlier.end); at += 10) {
              const tail = width - ((at - toMs(earlier.start)) * (width + earlier.width)) / crossingMs + earlier.width;
              const head = width - ((at - toMs(later.start)) * (width + later.width)) / crossingMs;
              if (tail > 0 && head < width) expect(tail).toBeLessThanOrEqual(head + 0.001);
            }
          }
        }
      }),
      { seed: 20261121, numRuns: 100 },
    );
  });

  it('loses none where there are more than lanes', () => {
    const events = eventsOf(formatAss(Array.from({ length: 100 }, (_, i) => timed(i, `text ${i}`))));
    expect(events).toHaveLength(100);
    expect(new Set(events.map(({ y }) => y)).size).toBe(Math.floor((1080 * 0.75) / 68));
    expect(Math.max(...events.map(({ y }) => y + 68))).toBeLessThanOrEqual(810);
  });

  it.each([{ width: 0 }, { fontSize: Number.NaN }, { crossingMs: -1 }, { coveredShare: Infinity }])(
    'refuses %j',
    (options) => {
      expect(() => formatAss([], options)).toThrow(RtmpUsageError);
    },
  );

  it('refuses a time that is none', () => {
    expect(() => formatAss([timed(Number.NaN, 'a')])).toThrow(RtmpUsageError);
  });
});
