import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/index.js';
import { amf0ErrorVectors, amf0Vectors, fromHex } from './amf0.vectors.js';
import { amf0Marker } from './amf0-marker.js';
import { amf3Vectors } from './amf3.vectors.js';
import { amf3Marker } from './amf3-marker.js';
import { Amf0Decoder, Amf3Decoder, Amf3Value, encodeAmf0, encodeAmf3 } from './index.js';

/** The markers that the values in `bytes` begin with, those inside others left out. */
function markersOf(bytes: Uint8Array, Decoder: typeof Amf0Decoder | typeof Amf3Decoder): (number | undefined)[] {
  const reader = new ByteReader(bytes);
  const decoder = new Decoder(reader);
  const markers: (number | undefined)[] = [];
  while (reader.remaining > 0) {
    markers.push(bytes[reader.offset]);
    decoder.readValue();
  }
  return markers;
}

const decoded0 = new Set([
  ...amf0Vectors.flatMap(({ hex }) => markersOf(fromHex(hex), Amf0Decoder)),
  // Those that carry no value have their vectors among the errors.
  ...amf0ErrorVectors.map(({ hex, offset }) => fromHex(hex)[offset]),
]);
const encoded0 = new Set([
  ...amf0Vectors.flatMap(({ values }) => markersOf(encodeAmf0(values), Amf0Decoder)),
  ...amf3Vectors.flatMap(({ values }) => encodeAmf0(values.map((value) => new Amf3Value(value)))[0]),
]);
const decoded3 = new Set(amf3Vectors.flatMap(({ hex }) => markersOf(fromHex(hex), Amf3Decoder)));
const encoded3 = new Set(amf3Vectors.flatMap(({ values }) => markersOf(encodeAmf3(values), Amf3Decoder)));

/** The end of an object is no value of its own, and the other two are reserved: nothing is ever sent as them. */
const neverSent: readonly number[] = [amf0Marker.objectEnd, amf0Marker.movieClip, amf0Marker.recordSet];

describe('vectors', () => {
  it.each(Object.entries(amf0Marker))('decode the AMF0 marker %s', (_, marker) => {
    expect(decoded0).toContain(marker);
  });

  it.each(Object.entries(amf0Marker))('encode the AMF0 marker %s, if it can be sent', (_, marker) => {
    expect(encoded0.has(marker)).toBe(!neverSent.includes(marker));
  });

  it.each(Object.entries(amf3Marker))('decode and encode the AMF3 marker %s', (_, marker) => {
    expect(decoded3).toContain(marker);
    expect(encoded3).toContain(marker);
  });

  it('cover every marker up to the last of each specification', () => {
    expect(Object.values(amf0Marker)).toEqual(Array.from({ length: 0x12 }, (_, marker) => marker));
    expect(Object.values(amf3Marker)).toEqual(Array.from({ length: 0x12 }, (_, marker) => marker));
  });

  it('name their sources', () => {
    for (const { name, source } of [...amf0Vectors, ...amf0ErrorVectors, ...amf3Vectors]) {
      expect(source, name).toMatch(/^(AMF[03]|Errata|FFmpeg|Envivio|RocketAMF|Apache Flex)[ ,]/);
    }
  });
});
