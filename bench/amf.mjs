// AMF beside libraries from npm, in one process: the same values, in rounds that take turns. Part of `npm run bench`,
// and alone: `npm run build && node bench/amf.mjs`.
//
//   @astronautlabs/amf   the most downloaded for AMF0 and AMF3 (its AMF3 cannot write arrays and booleans)
//   amf-codec            AMF0 alone; the fastest there is
//   amf3-ts              AMF3 alone; behind bytearray-node and libamf
//
// None of them has limits. Every one gets values and bytes in the form that it takes best, and is tried first: a
// library that does not give a value back is left out for it.
import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import 'reflect-metadata';
import * as astronaut from '@astronautlabs/amf';
import { amfToPlain, decodeAmf0, decodeAmf3, encodeAmf0, encodeAmf3 } from '@millrace/protocol';
import amfCodec from 'amf-codec';
import { AMF3, Stream } from 'amf3-ts';

const rounds = 9;
const roundMs = 25;
/** Whoever needs longer for one call is not called again: that call counts. */
const slowMs = 100;

const names = ['ann', 'bob', 'carol', 'dave', 'erin'];

const values = {
  'connect command object': {
    app: 'live',
    flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)',
    swfUrl: 'http://127.0.0.1/player.swf',
    tcUrl: 'rtmp://127.0.0.1:1935/live',
    fpad: false,
    capabilities: 239,
    audioCodecs: 4071,
    videoCodecs: 252,
    videoFunction: 1,
    pageUrl: 'http://127.0.0.1/',
    objectEncoding: 3,
  },
  onMetaData: {
    duration: 0,
    width: 1920,
    height: 1080,
    videodatarate: 2441.40625,
    framerate: 29.97,
    videocodecid: 7,
    audiodatarate: 125,
    audiosamplerate: 48_000,
    audiosamplesize: 16,
    stereo: true,
    audiocodecid: 10,
    encoder: 'Lavf59.27.100',
    filesize: 0,
  },
  '1,000 chat records': Array.from({ length: 1000 }, (_, i) => ({
    id: i,
    from: names[i % names.length],
    room: 'lobby',
    text: `message number ${i} says hello to everybody`,
    sentAt: 1_700_000_000_000 + i * 997,
    own: i % 7 === 0,
  })),
  '1,000 numbers': Array.from({ length: 1000 }, (_, i) => i * 1.5),
  '256 KiB of bytes': Uint8Array.from({ length: 256 * 1024 }, (_, i) => i * 31),
};

const versions = {
  AMF0: [
    { library: 'millrace', encode: (value) => encodeAmf0([value]), decode: decodeAmf0, plain: ours },
    { library: 'amf-codec', encode: amfCodec.toAMF, decode: amfCodec.fromAMF },
    {
      library: '@astronautlabs/amf',
      encode: (value) => astronaut.AMF0.Value.any(value).serialize(),
      decode: (bytes) => astronaut.AMF0.Value.deserialize(bytes).value,
    },
  ],
  AMF3: [
    { library: 'millrace', encode: (value) => encodeAmf3([value]), decode: decodeAmf3, plain: ours },
    {
      library: 'amf3-ts',
      input: (value) => (value instanceof Uint8Array ? new Stream(Array.from(value)) : value),
      encode: (value) => AMF3.stringify(value),
      decode: (bytes) => AMF3.parse(bytes),
      plain: (value) => (value instanceof Stream ? Uint8Array.from(value.data) : value),
    },
    {
      library: '@astronautlabs/amf',
      encode: (value) => astronaut.AMF3.Value.any(value).serialize(),
      decode: (bytes) => astronaut.AMF3.Value.deserialize(bytes).value,
    },
  ],
};

function ours([value]) {
  return value instanceof Uint8Array ? value : JSON.parse(JSON.stringify(amfToPlain(value)));
}

/** What `library` is to be measured with; `undefined`: it does not give the value back. */
function prepare({ library, encode, decode, input = (value) => value, plain = (value) => value }, value) {
  try {
    const given = input(value);
    const encoding = timed(() => encode(given));
    const bytes = encoding.result;
    const decoding = timed(() => decode(bytes));
    const back = plain(decoding.result);
    const isSame =
      value instanceof Uint8Array
        ? Buffer.from(back).equals(value)
        : isDeepStrictEqual(JSON.parse(JSON.stringify(back)), value);
    if (!isSame) return undefined;
    return {
      library,
      length: bytes.length,
      encode: { body: () => encode(given), firstMs: encoding.ms },
      decode: { body: () => decode(bytes), firstMs: decoding.ms },
    };
  } catch {
    return undefined;
  }
}

function timed(body) {
  const start = performance.now();
  const result = body();
  return { result, ms: performance.now() - start };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Milliseconds that one call takes, over a round. Nobody sweeps up after the one before. */
function round(body) {
  collectGarbage({ type: 'minor' });
  const start = performance.now();
  let calls = 0;
  let took = 0;
  do {
    // Several calls between two looks at the clock, where they are short.
    for (let i = 0; i < 8 && (i === 0 || took < roundMs / 8); i += 1) {
      body();
      calls += 1;
      if (i === 0) took = performance.now() - start;
    }
    took = performance.now() - start;
  } while (took < roundMs);
  return took / calls;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** The median of what each of `works` takes, in milliseconds; their rounds take turns, and the first only warms up. */
function measure(works) {
  const taken = works.map(() => []);
  for (let i = 0; i <= rounds; i += 1) {
    for (const [at, { body, firstMs }] of works.entries()) {
      const ms = firstMs > slowMs ? firstMs : round(body);
      if (i > 0) taken[at].push(ms);
    }
  }
  return taken.map(median);
}

function rate(bytes, ms) {
  const perSecond = bytes / ms / 1000;
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

/** The table, in Markdown: MB/s of encoded bytes, and how many times the fastest of the others ours is. */
export function compareAmf() {
  const lines = ['| AMF, MB/s | millrace | others | ratio |', '|---|---|---|---|'];
  for (const [version, libraries] of Object.entries(versions)) {
    for (const [name, value] of Object.entries(values)) {
      const able = libraries.map((library) => prepare(library, value)).filter((library) => library !== undefined);
      // AMF0 has no bytes, and somebody must be there to compare with.
      if (able[0]?.library !== 'millrace' || able.length < 2) continue;
      // Rates are of our bytes, so that nobody looks faster for writing more of them.
      const { length } = able[0];
      for (const way of ['encode', 'decode']) {
        const [own, ...theirs] = measure(able.map((library) => library[way]));
        const others = theirs.map((ms, i) => `${able[i + 1].library} ${rate(length, ms)}`).join(', ');
        const ratio = (Math.min(...theirs) / own).toFixed(1);
        lines.push(`| ${version} ${way}, ${name} | ${rate(length, own)} | ${others} | ${ratio} |`);
      }
    }
  }
  return lines.join('\n');
}

if (process.argv[1] === import.meta.filename) console.log(compareAmf());
