/** What codes a video track. `unknown`: a code that is in none of the tables; such media is passed on unread. */
export type VideoCodec =
  | 'h264'
  | 'hevc'
  | 'av1'
  | 'vp9'
  | 'vp8'
  | 'vvc'
  | 'h263'
  | 'screen'
  | 'screen2'
  | 'vp6'
  | 'vp6a'
  | 'unknown';

/** What codes an audio track. `pcm` is big- or little-endian as the sender's machine was, `pcmLe` little-endian. */
export type AudioCodec =
  | 'aac'
  | 'opus'
  | 'flac'
  | 'mp3'
  | 'ac3'
  | 'eac3'
  | 'speex'
  | 'nellymoser'
  | 'adpcm'
  | 'pcm'
  | 'pcmLe'
  | 'g711ALaw'
  | 'g711MuLaw'
  | 'native'
  | 'unknown';

/** Names for people: `videoCodecNames[header.codec]`. */
export const videoCodecNames = {
  h264: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  vvc: 'VVC',
  h263: 'Sorenson H.263',
  screen: 'Screen video',
  screen2: 'Screen video 2',
  vp6: 'On2 VP6',
  vp6a: 'On2 VP6 with alpha',
  unknown: 'unknown',
} as const satisfies Record<VideoCodec, string>;

/** Names for people: `audioCodecNames[header.codec]`. */
export const audioCodecNames = {
  aac: 'AAC',
  opus: 'Opus',
  flac: 'FLAC',
  mp3: 'MP3',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  speex: 'Speex',
  nellymoser: 'Nellymoser',
  adpcm: 'ADPCM',
  pcm: 'PCM',
  pcmLe: 'PCM',
  g711ALaw: 'G.711 A-law',
  g711MuLaw: 'G.711 µ-law',
  native: 'device specific',
  unknown: 'unknown',
} as const satisfies Record<AudioCodec, string>;

/** [E-RTMP v2, VideoFourCc]. */
export const videoFourCcs = {
  vp08: 'vp8',
  vp09: 'vp9',
  av01: 'av1',
  avc1: 'h264',
  hvc1: 'hevc',
  vvc1: 'vvc',
} as const satisfies Record<string, VideoCodec>;

/** [E-RTMP v2, AudioFourCc]. */
export const audioFourCcs = {
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  Opus: 'opus',
  '.mp3': 'mp3',
  fLaC: 'flac',
  mp4a: 'aac',
} as const satisfies Record<string, AudioCodec>;

/** [FLV E.4.3.1]. 12 is not in the specification: HEVC as senders marked it before Enhanced RTMP, with AVC's packets. */
export const videoCodecIds: Readonly<Record<number, VideoCodec>> = {
  2: 'h263',
  3: 'screen',
  4: 'vp6',
  5: 'vp6a',
  6: 'screen2',
  7: 'h264',
  12: 'hevc',
};

/** [FLV E.4.2.1]. 9 announces an Enhanced header and is no format. */
export const soundFormats: Readonly<Record<number, AudioCodec>> = {
  0: 'pcm',
  1: 'adpcm',
  2: 'mp3',
  3: 'pcmLe',
  4: 'nellymoser',
  5: 'nellymoser',
  6: 'nellymoser',
  7: 'g711ALaw',
  8: 'g711MuLaw',
  10: 'aac',
  11: 'speex',
  14: 'mp3',
  15: 'native',
};

/** A FourCC as onMetaData and the wire carry it: four Latin-1 characters as one big-endian number. Missing ones are 0. */
export function fourCcToNumber(fourCc: string): number {
  let value = 0;
  for (let i = 0; i < 4; i += 1) {
    const code = i < fourCc.length ? fourCc.charCodeAt(i) & 0xff : 0;
    value = value * 256 + code;
  }
  return value;
}

/** The four Latin-1 characters of a FourCC number (0…2³²−1). */
export function fourCcFromNumber(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export interface FourCcEntry<Codec> {
  readonly fourCc: string;
  readonly codec: Codec;
}

function indexByNumber<Codec>(table: Readonly<Record<string, Codec>>): ReadonlyMap<number, FourCcEntry<Codec>> {
  return new Map(Object.entries(table).map(([fourCc, codec]) => [fourCcToNumber(fourCc), { fourCc, codec }]));
}

const videoByNumber = indexByNumber<VideoCodec>(videoFourCcs);
const audioByNumber = indexByNumber<AudioCodec>(audioFourCcs);

export function videoFourCcEntry(value: number): FourCcEntry<VideoCodec> {
  return videoByNumber.get(value) ?? { fourCc: fourCcFromNumber(value), codec: 'unknown' };
}

export function audioFourCcEntry(value: number): FourCcEntry<AudioCodec> {
  return audioByNumber.get(value) ?? { fourCc: fourCcFromNumber(value), codec: 'unknown' };
}
