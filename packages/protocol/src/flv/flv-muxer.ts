import { encodeFlvHeader, encodeFlvTag, type FlvTagType } from './flv-tag.js';

/** Makes an FLV file or stream piece by piece: `header()` once, then `tag()` for every message. */
export class FlvMuxer {
  readonly #tracks: { readonly audio: boolean; readonly video: boolean };
  #bytesWritten = 0;

  /** Which kinds of tags the header is to announce. Players may wait for a kind that is announced and never comes. */
  constructor(tracks: { audio: boolean; video: boolean }) {
    this.#tracks = tracks;
  }

  /** Bytes handed out so far: the file position of the next tag. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** The 13 bytes that a file begins with. */
  header(): Uint8Array {
    return this.#count(encodeFlvHeader(this.#tracks));
  }

  /**
   * One tag. `timestamp`: whole ms, taken modulo 2³². `payload` is copied.
   *
   * @throws RtmpUsageError `ERR_FLV_PAYLOAD_TOO_LONG`
   */
  tag(tagType: FlvTagType, timestamp: number, payload: Uint8Array): Uint8Array {
    return this.#count(encodeFlvTag(tagType, timestamp, payload));
  }

  #count(bytes: Uint8Array): Uint8Array {
    this.#bytesWritten += bytes.length;
    return bytes;
  }
}
