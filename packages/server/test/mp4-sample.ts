/** A sample of a track made for tests. */
export interface Mp4Sample {
  readonly data: Uint8Array;
  /** Ticks. */
  readonly duration: number;
  readonly composition?: number;
  /** Absent: it is one. */
  readonly isKey?: boolean;
  /** Absent: the first. */
  readonly description?: number;
}

export interface Mp4SampleTrack {
  readonly id: number;
  readonly timescale: number;
  readonly entries: readonly Uint8Array[];
  readonly samples: readonly Mp4Sample[];
  readonly edits?: readonly { readonly duration: number; readonly mediaTime: number }[];
}

export interface Mp4SampleOptions {
  /** The index stands before the media. */
  readonly isFront?: boolean;
  /** 64 bits for the places of chunks and the size of the media. */
  readonly isLong?: boolean;
  /** The size of the media is 0: it goes to the end. */
  readonly isOpen?: boolean;
  /** In place of the table of sizes. */
  readonly sizes?: (samples: readonly Mp4Sample[]) => Uint8Array;
  /** Boxes between the others. */
  readonly filler?: readonly Uint8Array[];
  readonly samplesPerChunk?: number;
}

/** Ticks a second of the presentation. */
const movieTimescale = 1000;

export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.of((value >> 8) & 255, value & 255)));
}

/** Of −2³¹ … 2³²−1. */
export function u32(...values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value) => Buffer.of((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)),
  );
}

export function u64(value: number): Buffer {
  return u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
}

export function mp4Box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

/** With version and flags. */
export function fullBox(type: string, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  return mp4Box(type, u32(flags), ...parts);
}

export const ftyp = mp4Box('ftyp', Buffer.from('isom\0\0\x02\0isom', 'latin1'));

/** Baseline, level 3.0, without parameter sets. */
export const avcConfig = u8(1, 0x42, 0xc0, 0x1e, 0xff, 0xe0, 0);
export const aacConfig = u8(0x11, 0x90);

export function videoEntry(type = 'avc1', config: Uint8Array = mp4Box('avcC', avcConfig)): Buffer {
  const head = Buffer.alloc(78);
  head.writeUInt16BE(1, 6);
  head.writeUInt16BE(320, 24);
  head.writeUInt16BE(180, 26);
  return mp4Box(type, head, config);
}

export function audioEntry(type = 'mp4a', config: Uint8Array = esds(0x40, aacConfig)): Buffer {
  return mp4Box(type, u32(0), u16(0, 1), u32(0, 0), u16(2, 16), u32(0), u16(48_000, 0), config);
}

export function esds(objectType: number, config: Uint8Array): Buffer {
  const specific = Buffer.concat([u8(5, 0x80, 0x80, 0x80, config.length), config]);
  const decoder = Buffer.concat([u8(4, 13 + specific.length, objectType, 0x15), Buffer.alloc(11), specific]);
  return fullBox('esds', 0, u8(3, 3 + decoder.length + 3), u16(1), u8(0), decoder, u8(6, 1, 2));
}

/** Frames of 40 ms, a key frame each second; with `bFrames`, the first two of each three are shown the other way round. */
export function videoTrack(frames: number, bFrames = false, frameBytes = 100): Mp4SampleTrack {
  const samples = Array.from({ length: frames }, (_, i) => ({
    data: new Uint8Array(frameBytes).fill(i % 251),
    duration: 512,
    isKey: i % 25 === 0,
    composition: bFrames ? ([1024, 2048, 512][i % 3] ?? 0) : 0,
  }));
  return { id: 1, timescale: 12_800, entries: [videoEntry()], samples };
}

/** Frames of 1024 samples at 48 kHz. */
export function audioTrack(frames: number, frameBytes = 20): Mp4SampleTrack {
  const samples = Array.from({ length: frames }, (_, i) => ({
    data: new Uint8Array(frameBytes).fill(100 + (i % 101)),
    duration: 1024,
  }));
  return { id: 2, timescale: 48_000, entries: [audioEntry()], samples };
}

/** A whole file. */
export function encodeMp4(tracks: readonly Mp4SampleTrack[], options: Mp4SampleOptions = {}): Buffer {
  const { isFront = false, isLong = false, isOpen = false, filler = [], samplesPerChunk = 1 } = options;
  const chunks = chunksOf(tracks, samplesPerChunk);
  const media = Buffer.concat(chunks.flatMap(({ samples }) => samples.map(({ data }) => data)));
  const moov = (mediaOffset: number): Buffer => encodeMoov(tracks, { ...options, chunks, mediaOffset });
  const size = isOpen ? u32(0) : isLong ? u32(1) : u32(media.length + 8);
  const head = [size, Buffer.from('mdat', 'latin1'), isLong && !isOpen ? u64(media.length + 16) : u8()];
  const before = Buffer.concat([ftyp, ...filler]);
  const first = isFront ? moov(0).length : 0;
  const index = moov(before.length + first + Buffer.concat(head).length);
  return Buffer.concat(isFront ? [before, index, ...head, media] : [before, ...head, media, ...filler, index]);
}

interface Chunk {
  readonly track: Mp4SampleTrack;
  readonly samples: readonly Mp4Sample[];
  readonly time: number;
}

function chunksOf(tracks: readonly Mp4SampleTrack[], samplesPerChunk: number): Chunk[] {
  const chunks = tracks.flatMap((track) => {
    const own: Chunk[] = [];
    let ticks = 0;
    for (let i = 0; i < track.samples.length; i += samplesPerChunk) {
      const samples = track.samples.slice(i, i + samplesPerChunk);
      own.push({ track, samples, time: ticks / track.timescale });
      ticks += samples.reduce((sum, { duration }) => sum + duration, 0);
    }
    return own;
  });
  return chunks.toSorted((a, b) => a.time - b.time);
}

function encodeMoov(
  tracks: readonly Mp4SampleTrack[],
  options: Mp4SampleOptions & { readonly chunks: readonly Chunk[]; readonly mediaOffset: number },
): Buffer {
  let offset = options.mediaOffset;
  const places = new Map<Chunk, number>();
  for (const chunk of options.chunks) {
    places.set(chunk, offset);
    offset += chunk.samples.reduce((sum, { data }) => sum + data.length, 0);
  }
  const traks = tracks.map((track) => {
    const own = options.chunks.filter((chunk) => chunk.track === track);
    return encodeTrak(track, encodeTables(track, own, places, options));
  });
  return mp4Box('moov', mvhd(tracks), ...traks);
}

function mvhd(tracks: readonly Mp4SampleTrack[]): Buffer {
  const seconds = tracks.map(
    ({ samples, timescale }) => samples.reduce((sum, { duration }) => sum + duration, 0) / timescale,
  );
  return fullBox('mvhd', 0, u32(0, 0, movieTimescale, Math.max(0, ...seconds) * movieTimescale), Buffer.alloc(80));
}

function encodeTrak({ id, timescale, entries, edits }: Mp4SampleTrack, tables: readonly Uint8Array[]): Buffer {
  const elst = edits?.map(({ duration, mediaTime }) => u32(duration, mediaTime, 0x1_0000)) ?? [];
  return mp4Box(
    'trak',
    fullBox('tkhd', 3, u32(0, 0, id), Buffer.alloc(68)),
    ...(edits === undefined ? [] : [mp4Box('edts', fullBox('elst', 0, u32(edits.length), ...elst))]),
    mp4Box(
      'mdia',
      fullBox('mdhd', 0, u32(0, 0, timescale, 0), u16(0x15c7, 0)),
      mp4Box('minf', mp4Box('stbl', fullBox('stsd', 0, u32(entries.length), ...entries), ...tables)),
    ),
  );
}

function encodeTables(
  { samples }: Mp4SampleTrack,
  chunks: readonly Chunk[],
  places: ReadonlyMap<Chunk, number>,
  { isLong = false, sizes = plainSizes }: Mp4SampleOptions,
): Buffer[] {
  const keys = samples.flatMap(({ isKey }, i) => (isKey === false ? [] : [i + 1]));
  const offsets = chunks.map((chunk) => places.get(chunk) ?? 0);
  const groups = chunks.map((chunk, i) => u32(i + 1, chunk.samples.length, chunk.samples[0]?.description ?? 1));
  const compositions = samples.some(({ composition = 0 }) => composition !== 0);
  return [
    fullBox('stts', 0, u32(samples.length), ...samples.map(({ duration }) => u32(1, duration))),
    ...(compositions
      ? [fullBox('ctts', 1 << 24, u32(samples.length), ...samples.map(({ composition = 0 }) => u32(1, composition)))]
      : []),
    ...(keys.length < samples.length ? [fullBox('stss', 0, u32(keys.length, ...keys))] : []),
    fullBox('stsc', 0, u32(groups.length), ...groups),
    Buffer.from(sizes(samples)),
    isLong
      ? fullBox('co64', 0, u32(offsets.length), ...offsets.map(u64))
      : fullBox('stco', 0, u32(offsets.length, ...offsets)),
  ];
}

function plainSizes(samples: readonly Mp4Sample[]): Buffer {
  return fullBox('stsz', 0, u32(0, samples.length, ...samples.map(({ data }) => data.length)));
}

export interface FragmentOptions {
  /** How places are said: from the fragment, from the start of the file, or from where the data before it ended. */
  readonly base?: 'moof' | 'file' | 'before';
  /** Without the times of fragments. */
  readonly isTimeless?: boolean;
}

/** A file in fragments of `perFragment` seconds each. */
export function encodeFragments(
  tracks: readonly Mp4SampleTrack[],
  perFragment: number,
  options: FragmentOptions = {},
): Buffer {
  const empty = [
    fullBox('stts', 0, u32(0)),
    fullBox('stsc', 0, u32(0)),
    fullBox('stsz', 0, u32(0, 0)),
    fullBox('stco', 0, u32(0)),
  ];
  const trexes = tracks.map(({ id }) => fullBox('trex', 0, u32(id, 1, 0, 0, 0)));
  const moov = mp4Box('moov', mvhd([]), ...tracks.map((track) => encodeTrak(track, empty)), mp4Box('mvex', ...trexes));
  const parts: Buffer[] = [ftyp, moov];
  let offset = ftyp.length + moov.length;
  const times = tracks.map(() => ({ sample: 0, ticks: 0 }));
  for (let count = 1; tracks.some(({ samples }, i) => (times[i]?.sample ?? 0) < samples.length); count += 1) {
    const runs = tracks.map((track, i) => {
      const from = times[i] ?? { sample: 0, ticks: 0 };
      const { ticks } = from;
      const samples: Mp4Sample[] = [];
      for (let next = track.samples[from.sample]; next !== undefined; next = track.samples[from.sample]) {
        if (from.ticks >= count * perFragment * track.timescale) break;
        samples.push(next);
        from.sample += 1;
        from.ticks += next.duration;
      }
      return { track, ticks, samples };
    });
    const fragment = encodeFragment(runs, offset, count, options);
    parts.push(fragment);
    offset += fragment.length;
  }
  return Buffer.concat(parts);
}

interface Run {
  readonly track: Mp4SampleTrack;
  readonly ticks: number;
  readonly samples: readonly Mp4Sample[];
}

function encodeFragment(runs: readonly Run[], offset: number, number: number, options: FragmentOptions): Buffer {
  const { base = 'moof', isTimeless = false } = options;
  const media = Buffer.concat(runs.flatMap(({ samples }) => samples.map(({ data }) => data)));
  const moof = (moofBytes: number): Buffer => {
    let at = moofBytes + 8;
    const trafs = runs.map(({ track, ticks, samples }, i) => {
      const place = base === 'before' && i > 0 ? 0 : at;
      at += samples.reduce((sum, { data }) => sum + data.length, 0);
      const entries = samples.map(({ duration, data, isKey, composition = 0 }) =>
        u32(duration, data.length, isKey === false ? 0x0101_0000 : 0x0200_0000, composition),
      );
      const head = { moof: [0x2_0000], file: [1], before: [0] }[base];
      return mp4Box(
        'traf',
        fullBox('tfhd', head[0] ?? 0, u32(track.id), base === 'file' ? u64(offset) : u8()),
        ...(isTimeless ? [] : [fullBox('tfdt', 1 << 24, u64(ticks))]),
        fullBox('trun', (1 << 24) | 0xf01, u32(samples.length, place), ...entries),
      );
    });
    return mp4Box('moof', fullBox('mfhd', 0, u32(number)), ...trafs);
  };
  return Buffer.concat([moof(moof(0).length), mp4Box('mdat', media)]);
}
