import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amf0ErrorVectors, amf0Vectors, fromHex } from '../src/amf/amf0.vectors.js';
import { amf3Vectors } from '../src/amf/amf3.vectors.js';
import { hostileAmf3 } from '../src/amf/amf3-hostile.vectors.js';
import {
  Amf3Value,
  type AmfInput,
  type AmfValue,
  amfToPlain,
  decodeAmf0,
  decodeAmf3,
  defaultAmfLimits,
  encodeAmf0,
  encodeAmf3,
} from '../src/amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../src/bytes/index.js';
import { weigh } from './weigh.js';

// Files of corpus/amf: lines of `#` say what it is and what is expected; the rest is hexadecimal, in which `3*(05 06)`
// stands for 05 06 three times. What fuzzing finds is added there.

const folder = new URL('corpus/amf/', import.meta.url);

function parse(text: string): Uint8Array {
  const hex = text.replace(/^#.*$/gm, '');
  const innermost = /(\d+)\*\(([^()]*)\)/g;
  let flat = hex;
  while (innermost.test(flat)) flat = flat.replace(innermost, (_, count: string, part: string) => part.repeat(+count));
  expect(flat).toMatch(/^[\s0-9a-f]*$/);
  return fromHex(flat);
}

const corpus = readdirSync(folder).map((file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const expected = /^# expected: (\w+)$/m.exec(text)?.[1];
  if (expected === undefined) throw new Error(`${file} does not say what is expected`);
  return { file, version: file.startsWith('amf3-') ? 3 : 0, expected, bytes: parse(text) } as const;
});

type Version = 0 | 3;

/** Values, or the code of a typed error; fails for any other error, and for values that are more than they may be. */
function outcomeOf(version: Version, bytes: Uint8Array): readonly AmfValue[] | string {
  let values: readonly AmfValue[];
  try {
    values = version === 0 ? decodeAmf0(bytes) : decodeAmf3(bytes);
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    expect(error.code).toMatch(version === 0 ? /^ERR_AMF[03]_/ : /^ERR_AMF3_/);
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
    return error.code;
  }
  const weight = weigh(values);
  expect(weight.values).toBeLessThanOrEqual(defaultAmfLimits.maxElements);
  // No text and no bytes that the message has not brought, but for the names in the short messages of Flex.
  expect(weight.characters).toBeLessThanOrEqual(bytes.length + 150);
  expect(weight.bytes).toBeLessThanOrEqual(bytes.length);
  return values;
}

/** What is done with values once they are there must end as well, whatever they refer to. */
function expectUsable(values: readonly AmfValue[]): void {
  expect(JSON.stringify(values.map(amfToPlain)).length).toBeLessThan(20_000_000 * Math.max(1, values.length));
  for (const encode of [encodeAmf0, encodeAmf3]) {
    try {
      encode(values);
    } catch (error) {
      // Either has values and names that the other cannot carry.
      expect(error).toBeInstanceOf(RtmpUsageError);
    }
  }
}

/** All that can be done to one encoding: cut anywhere, each byte another, each length the greatest there is. */
function* mutants(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length += 1) yield bytes.subarray(0, length);
  for (let at = 0; at < bytes.length; at += 1) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at] = (bytes[at] ?? 0) ^ flip;
      yield changed;
    }
    for (const width of [2, 4]) yield bytes.slice().fill(0xff, at, at + width);
  }
}

function expectMutantsBounded(version: Version, bytes: Uint8Array): void {
  for (const mutant of mutants(bytes)) {
    const outcome = outcomeOf(version, mutant);
    if (typeof outcome !== 'string') expectUsable(outcome);
  }
}

describe('the corpus of AMF', () => {
  it.each(corpus)('$file', ({ version, expected, bytes }) => {
    const outcome = outcomeOf(version, bytes);
    expect(typeof outcome === 'string' ? outcome : 'values').toBe(expected);
    if (typeof outcome !== 'string') expectUsable(outcome);
    // The other version knows the bytes as something else, or not at all.
    outcomeOf(version === 0 ? 3 : 0, bytes);
  });

  it('in every mutation gives values or a typed error', () => {
    for (const { version, bytes } of corpus) if (bytes.length <= 100) expectMutantsBounded(version, bytes);
  });
});

describe('the vectors of AMF', () => {
  const short = ({ hex }: { readonly hex: string }): boolean => hex.length < 400;

  it('of AMF0 give values or a typed error in every mutation', () => {
    for (const { hex } of [...amf0Vectors, ...amf0ErrorVectors].filter(short)) expectMutantsBounded(0, fromHex(hex));
  });

  it('of AMF3 give values or a typed error in every mutation', () => {
    for (const { hex } of [...amf3Vectors, ...hostileAmf3].filter(short)) expectMutantsBounded(3, fromHex(hex));
  });
});

describe('a megabyte', () => {
  it.each([0, 3] as const)('of one encoding of AMF%i, over and over, is bounded like everything else', (version) => {
    const known = version === 0 ? [...amf0Vectors, ...amf0ErrorVectors] : [...amf3Vectors, ...hostileAmf3];
    for (const { hex } of known) {
      const unit = fromHex(hex);
      // A few of each length and kind are enough.
      if (unit.length === 0 || unit.length > 200 || unit.length % 8 !== 5) continue;
      const bytes = new Uint8Array(1024 * 1024);
      for (let at = 0; at < bytes.length; at += unit.length) bytes.set(unit.subarray(0, bytes.length - at), at);
      outcomeOf(version, bytes);
    }
  });
});

describe('AMF3 in AMF0', () => {
  const known = amf3Vectors.filter(({ values }) => values.length > 0);

  it('carries every vector of AMF3', () => {
    for (const { values } of known) {
      const bytes = encodeAmf0(values.map((value) => new Amf3Value(value)));
      expect(decodeAmf0(bytes)).toStrictEqual(values);
    }
  });

  it('among values of AMF0, mutated anyhow, gives values or a typed error', () => {
    const plain: fc.Arbitrary<AmfInput> = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<AmfInput>;
    const amf3 = fc.constantFrom(...known).map(({ values }) => new Amf3Value(values));
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat({ max: 0x12 }), fc.nat({ max: 0xff })));
    const changed = fc
      .tuple(fc.array(fc.oneof(plain, amf3), { minLength: 1, maxLength: 4 }), fc.array(change, { maxLength: 6 }))
      .map(([values, changes]) => {
        const bytes = encodeAmf0(values);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(changed, (bytes) => {
        const outcome = outcomeOf(0, bytes);
        if (typeof outcome !== 'string') expectUsable(outcome);
      }),
      { seed: 3_0261, numRuns: 800 },
    );
  });
});
