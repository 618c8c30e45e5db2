import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAmf0 } from '../amf/index.js';
import { RtmpUsageError } from '../bytes/index.js';
import { insertEmulationPrevention, removeEmulationPrevention } from './bit-reader.js';
import { fromHex } from './from-hex.vectors.js';
import { avcNalLengthBytes, encodeLatencySei, findLatencySei, insertLatencySei } from './latency-sei.js';
import { absoluteTimeMs, encodeCurrentTime, parseCurrentTime } from './latency-time.js';
import { parseMetadata } from './metadata.js';

const seeded = { seed: 20261121, numRuns: 500 };

// All built by hand from the layout in latency-sei.ts.
const uuid = '00112233445566778899aabbccddeeff';
const magic = '6c73736361707473';
/** 1,700,000,000,000 ms, whose 00 00 01 in front needs an emulation prevention byte. */
const time = '000003018bcfe56800';
const mark = `06 0520 ${uuid} ${magic} ${time} 80`;
const frameHeader = '17 01 000000';
const slice = '65 8880';

/** NAL units behind lengths of `bytes` bytes. */
function lengths(nalUnits: readonly string[], bytes = 4): string {
  const digits = (nalUnit: string) => nalUnit.replace(/\s+/g, '');
  return nalUnits
    .map((nalUnit) => (digits(nalUnit).length / 2).toString(16).padStart(2 * bytes, '0') + digits(nalUnit))
    .join('');
}

const frame = (nalUnits: readonly string[], bytes = 4) => fromHex(frameHeader + lengths(nalUnits, bytes));

describe('findLatencySei', () => {
  it.each<[string, Uint8Array, number | undefined]>([
    ['first', frame([mark, slice]), 1_700_000_000_000],
    ['behind delimiter and parameter sets', frame(['09f0', '67 42', '68 ce', mark, slice]), 1_700_000_000_000],
    ['behind another SEI', frame(['06 0101aa 80', mark, slice]), 1_700_000_000_000],
    ['second message of a NAL unit', frame([`06 0101aa ${mark.slice(3)}`, slice]), 1_700_000_000_000],
    [
      'behind user data of others, 258 bytes long',
      frame([`06 05ff03 ${'ab'.repeat(258)} ${mark.slice(3)}`, slice]),
      1_700_000_000_000,
    ],
    ['with something after the time', frame([`06 0522 ${uuid}${magic}${time} ffff 80`, slice]), 1_700_000_000_000],
    ['Enhanced, coded frames', fromHex(`91 61766331 000000 ${lengths([mark, slice])}`), 1_700_000_000_000],
    ['Enhanced, without composition time', fromHex(`93 61766331 ${lengths([mark, slice])}`), 1_700_000_000_000],
    ['behind the first slice', frame([slice, mark]), undefined],
    ['another magic', frame([mark.replace('7473', '7474'), slice]), undefined],
    ['another type of SEI', frame([mark.replace('0520', '0420'), slice]), undefined],
    ['time 0', frame([`06 0520 ${uuid}${magic} 0000030000030000030000 80`, slice]), undefined],
    ['time past 2⁵³', frame([`06 0520 ${uuid}${magic} ${'ff'.repeat(8)} 80`, slice]), undefined],
    ['too short for a time', frame([`06 051f ${uuid}${magic} 018bcfe5680011 80`, slice]), undefined],
    ['a NAL unit longer than the frame', fromHex(`${frameHeader} 000000ff ${mark}`), undefined],
    ['a NAL unit of length 0', fromHex(`${frameHeader} 00000000 ${lengths([mark])}`), undefined],
    ['more NAL units than a frame has', frame([...new Array<string>(32).fill('09f0'), mark]), undefined],
    ['a sequence start', fromHex(`17 00 000000 ${lengths([mark])}`), undefined],
    ['HEVC', fromHex(`1c 01 000000 ${lengths([mark, slice])}`), undefined],
    ['nothing', new Uint8Array(), undefined],
  ])('%s', (_, payload, expected) => {
    expect(findLatencySei(payload)).toBe(expected);
  });

  it.each([1, 2, 3, 4])('reads lengths of %d bytes', (bytes) => {
    expect(findLatencySei(frame([mark, slice], bytes), bytes)).toBe(1_700_000_000_000);
  });

  it('never throws', () => {
    const seed = frame(['09f0', `06 0101aa ${mark.slice(3)}`, slice]);
    const edits = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(seed.length), fc.integer({ min: 1, max: 4 }), (changes, cut, nalLengthBytes) => {
        const bytes = seed.slice(0, cut);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        findLatencySei(bytes, nalLengthBytes);
        avcNalLengthBytes(bytes);
        expect(insertLatencySei(bytes, 1, nalLengthBytes).length).toBeGreaterThanOrEqual(bytes.length);
      }),
      { ...seeded, numRuns: 1500 },
    );
  });
});

describe('insertLatencySei', () => {
  it('puts the time behind what a frame begins with, and ahead of its slices', () => {
    const payload = frame(['09f0', '67 42', '68 ce', '06 0101aa 80', '0e 40', slice, '41 9a']);
    const before = payload.slice();
    const out = insertLatencySei(payload, 1_700_000_000_001);
    expect(payload).toEqual(before);
    const at = frame(['09f0', '67 42', '68 ce', '06 0101aa 80']).length;
    const inserted = out.length - payload.length;
    expect(out.subarray(0, at)).toEqual(payload.subarray(0, at));
    expect(out.subarray(at + inserted)).toEqual(payload.subarray(at));
    expect(out.subarray(at + 4, at + inserted)).toEqual(encodeLatencySei(1_700_000_000_001));
    expect(findLatencySei(out)).toBe(1_700_000_000_001);
  });

  it('leaves alone what is no single frame of H.264', () => {
    const multitrack = `96 01 61766331 00 ${lengths([slice])}`;
    for (const hex of ['17 00 000000 0142', '1c 01 000000', `1600`, '27 02 000000', multitrack, '']) {
      const payload = fromHex(hex);
      expect(insertLatencySei(payload, 1)).toBe(payload);
    }
  });

  it('gives back any time, for any length of lengths', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 1, max: 4 }),
        (unixMs, bytes) => {
          expect(findLatencySei(insertLatencySei(frame([slice], bytes), unixMs, bytes), bytes)).toBe(unixMs);
        },
      ),
      seeded,
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses %d for a time', (unixMs) => {
    expect(() => encodeLatencySei(unixMs)).toThrow(RtmpUsageError);
  });
});

describe('emulation prevention', () => {
  it('leaves no start code, and is taken off again', () => {
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 0xff), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, (values) => {
        const nalUnit = Uint8Array.of(0x06, ...values, 0x80);
        const out = insertEmulationPrevention(nalUnit);
        expect(Buffer.from(out).toString('hex').replace(/../g, '$& ')).not.toMatch(/00 00 0[012]/);
        expect(removeEmulationPrevention(out)).toEqual(nalUnit);
      }),
      seeded,
    );
  });
});

describe('avcNalLengthBytes', () => {
  it.each<[string, string, number | undefined]>([
    ['legacy', '17 00 000000 01640028 ff e1', 4],
    ['Enhanced', '90 61766331 01640028 fd e1', 2],
    ['cut short', '17 00 000000 01640028', undefined],
    ['coded frames', '17 01 000000 01640028 ff', undefined],
    ['HEVC', '90 68766331 01640028 ff', undefined],
  ])('%s', (_, hex, expected) => {
    expect(avcNalLengthBytes(fromHex(hex))).toBe(expected);
  });
});

describe('currentTime', () => {
  it.each<[string, Uint8Array, number | undefined]>([
    ['ours', encodeCurrentTime(1_700_000_000_123), 1_700_000_000_123],
    ['seconds', encodeAmf0(['currentTime', 1_700_000_000.5]), 1_700_000_000_500],
    ['with @setDataFrame', encodeAmf0(['@setDataFrame', 'currentTime', 1.7e12]), 1.7e12],
    ['nothing', encodeAmf0(['currentTime']), undefined],
    ['text', encodeAmf0(['currentTime', '1700000000000']), undefined],
    ['zero', encodeAmf0(['currentTime', 0]), undefined],
    ['no number', encodeAmf0(['currentTime', Number.NaN]), undefined],
    ['infinity', encodeAmf0(['currentTime', Infinity]), undefined],
    ['another message', encodeAmf0(['onTextData', 1.7e12]), undefined],
  ])('%s', (_, payload, expected) => {
    expect(parseCurrentTime(parseMetadata(payload))).toBe(expected);
  });

  it('refuses to send what would be read as something else', () => {
    for (const unixMs of [0, 1_700_000_000, Number.NaN, Infinity]) {
      expect(() => encodeCurrentTime(unixMs)).toThrow(RtmpUsageError);
    }
  });
});

describe('absoluteTimeMs', () => {
  const base = 1_700_000_000_000;
  it.each([
    ['at once', 5_000, base + 5_100, base + 5_000],
    ['by a clock that is behind', 5_000, base + 4_000, base + 5_000],
    ['by a clock from before the base time', 5_000, 0, base + 5_000],
    ['after 50 days', 100, base + 2 ** 32 + 300, base + 2 ** 32 + 100],
    ['across the end of the timestamps', 2 ** 32 - 50, base + 2 ** 32 + 20, base + 2 ** 32 - 50],
    ['after 100 days', 100, base + 2 * 2 ** 32 + 300, base + 2 * 2 ** 32 + 100],
  ])('%s', (_, timestamp, nowMs, expected) => {
    expect(absoluteTimeMs(base, timestamp, nowMs)).toBe(expected);
  });
});
