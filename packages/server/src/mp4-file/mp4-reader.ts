import { RtmpRemoteError } from '@millrace/protocol';
import { type ByteSource, readWindow } from '../media-file/index.js';
import { readBoxHead } from './box.js';
import { type Movie, type MovieTrack, readMovie } from './movie.js';
import { readFragment } from './movie-fragment.js';

/** Bytes that are not played, from `offset` to `end`. */
export interface Mp4Damage {
  readonly offset: number;
  readonly end: number;
  readonly reason: string;
}

export interface Mp4Index {
  readonly video: MovieTrack | undefined;
  readonly audio: MovieTrack | undefined;
  readonly statedDurationMs: number | undefined;
  /** Offset of `moov`. */
  readonly moviePosition: number;
  readonly fragments: number;
  /** Where the last fragment that is whole ends, or the boxes before the first. */
  readonly soundBytes: number;
  readonly damages: readonly Mp4Damage[];
}

/** A film of a day has less. */
const maxMovieBytes = 128 * 1024 * 1024;
const maxFragmentBytes = 16 * 1024 * 1024;
/** Fragments of a tenth of a second, for a day, each with its data. */
const maxTopBoxes = 2_000_000;
/** What is read at once while boxes are looked for: as a rule the head of a fragment is within it. */
const windowBytes = 4096;

const firstTypes = new Set([
  'ftyp',
  'moov',
  'mdat',
  'free',
  'skip',
  'wide',
  'styp',
  'pnot',
  'uuid',
  'pdin',
  'meta',
  'sidx',
]);

/** Whether bytes are the beginning of such a file; at least 8 are to be there. */
export function isMp4(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && firstTypes.has(readBoxHead(bytes, 0).type);
}

/**
 * Reads everything of a file but its media. Boxes that are cut off at its end are damage, unless nothing can be played
 * without them. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError `ERR_MP4_…`: it is no MP4 file, it says more than it has, or has more than is allowed
 */
export async function readMp4Index(source: ByteSource): Promise<Mp4Index> {
  const scanner = new BoxScanner(source);
  const damages: Mp4Damage[] = [];
  let movie: Movie | undefined;
  let [moviePosition, fragments, soundBytes, position] = [0, 0, 0, 0];
  const lost = (offset: number, reason: string): void => {
    damages.push({ offset, end: source.size, reason });
  };
  for (let count = 0; position + 8 <= source.size; count += 1) {
    if (count === maxTopBoxes)
      throw new RtmpRemoteError('ERR_MP4_TOO_MANY_BOXES', 'too many boxes', { offset: position });
    const { type, headBytes, size } = readBoxHead(await scanner.read(position, 16), 0);
    if (count === 0 && !firstTypes.has(type)) {
      throw new RtmpRemoteError('ERR_MP4_SIGNATURE', 'it is no MP4 file', { offset: 0 });
    }
    const end = size === 0 ? source.size : position + size;
    if (end < position + headBytes) {
      lost(position, 'no box');
      break;
    }
    const isCut = end > source.size;
    if (type === 'moov' && movie === undefined) {
      if (isCut) throw new RtmpRemoteError('ERR_MP4_TRUNCATED', 'it ends within its index', { offset: position });
      const bytes = await scanner.readBox(position, end, maxMovieBytes);
      movie = await readMovie(bytes, { type, start: headBytes, end: bytes.length }, source.size);
      moviePosition = position;
    } else if (type === 'moof' && !isCut && movie !== undefined) {
      const bytes = await scanner.readBox(position, end, maxFragmentBytes);
      const tracks = [movie.video, movie.audio].filter((track) => track !== undefined);
      readFragment(bytes, { type, start: headBytes, end: bytes.length }, position, tracks, movie.budget);
      fragments += 1;
    }
    if (isCut) {
      // Of media that is cut off, what is there is played.
      lost(type === 'mdat' ? source.size : position, `${printable(type)} is cut off`);
      break;
    }
    position = end;
    if (type !== 'moof') soundBytes = end;
  }
  if (position < source.size && damages.length === 0) lost(position, 'no box');
  if (movie === undefined)
    throw new RtmpRemoteError('ERR_MP4_NO_MOVIE', 'it has no index: it was never completed', { offset: position });
  movie.video?.table.finish();
  movie.audio?.table.finish();
  const { video, audio, statedDurationMs } = movie;
  return { video, audio, statedDurationMs, moviePosition, fragments, soundBytes, damages };
}

function printable(type: string): string {
  return /^[\x20-\x7e]{4}$/.test(type) ? `the box ${type}` : 'a box';
}

/** Reads a file from box to box, a few kilobytes at a time. */
class BoxScanner {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array();
  #start = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** A view of what was read, with fewer bytes at the end of the file. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const at = position - this.#start;
    if (at >= 0 && at + length <= this.#window.length) return this.#window.subarray(at, at + length);
    this.#window = await readWindow(this.#source, position, Math.max(length, windowBytes));
    this.#start = position;
    return this.#window.subarray(0, length);
  }

  async readBox(position: number, end: number, maxBytes: number): Promise<Uint8Array> {
    if (end - position > maxBytes) {
      throw new RtmpRemoteError('ERR_MP4_BOX', `a box of its index has ${end - position} bytes`, { offset: position });
    }
    const bytes = await this.read(position, end - position);
    if (bytes.length < end - position) {
      throw new RtmpRemoteError('ERR_MP4_TRUNCATED', 'it ends within its index', { offset: position });
    }
    return bytes;
  }
}
