import {
  cacheKeysOf,
  type FlvTagType,
  flvTagTypes,
  parseAudioTagHeader,
  parseVideoTagHeader,
} from '@millrace/protocol';

/** Places for this many sequence headers are kept in a file's head. Most streams have two. */
export const maxHeaderEntries = 128;

/**
 * Where sequence headers are in a file that are others than those before, for its metadata: who seeks behind one needs
 * it. When it is full, later ones are left out.
 */
export class HeaderIndex {
  readonly #times: number[] = [];
  readonly #positions: number[] = [];
  /** The newest of each track, as far as it was given. */
  readonly #newest = new Map<string, Uint8Array>();

  /** Milliseconds. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** Bytes from the start of the file to the tag. Rising. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  /** A tag of audio or video; nothing happens where it is no sequence header. `payload` is copied. */
  add(tagType: FlvTagType, timeMs: number, payload: Uint8Array, position: number): void {
    if (!mayBeHeader(tagType, payload) || this.#times.length >= maxHeaderEntries) return;
    const header = tagType === flvTagTypes.video ? parseVideoTagHeader(payload) : parseAudioTagHeader(payload);
    // Metadata of the picture may come with every frame: it is nothing that decoding depends on.
    const keys = header === undefined || header.packetType === 'metadata' ? [] : cacheKeysOf(header);
    if (keys.every((key) => isSame(this.#newest.get(key), payload))) return;
    const copy = new Uint8Array(payload);
    for (const key of keys) this.#newest.set(key, copy);
    this.#times.push(timeMs);
    this.#positions.push(position);
  }
}

/** Nearly all tags are frames, which two bytes tell. */
function mayBeHeader(tagType: FlvTagType, payload: Uint8Array): boolean {
  const [first = 0, second = 1] = payload;
  if (tagType === flvTagTypes.video) {
    const low = first & 0x0f;
    return first >= 0x80 ? low !== codedFrames && low !== codedFramesX : second === 0;
  }
  const codec = first >> 4;
  return codec === exAudio ? (first & 0x0f) !== codedFrames : codec === aac && second === 0;
}

const codedFrames = 1;
const codedFramesX = 3;
const aac = 10;
const exAudio = 9;

function isSame(before: Uint8Array | undefined, now: Uint8Array): boolean {
  return before?.length === now.length && before.every((byte, i) => byte === now[i]);
}
