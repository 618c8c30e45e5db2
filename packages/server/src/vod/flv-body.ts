import { encodeFlvHeader, flvTagTypes } from '@millrace/protocol';
import { flvEncoding, type LiveMessage, type MediaSelection } from '../live/index.js';
import type { FileTag, MediaFile, MediaReader, SeekPoint } from '../media-file/index.js';
import { TagFilter } from './tag-filter.js';

export interface FlvBodyOptions {
  /** Begins with the key frame at or before this time, ms of the file; below 0: so long before the end. */
  readonly startMs?: number | undefined;
  readonly selection: MediaSelection;
  /** Runs a search for a place, which may read the whole file, or gives it up for `start`. By default it runs at once. */
  readonly search?: (find: () => Promise<SeekPoint>, start: SeekPoint) => Promise<SeekPoint>;
}

/** What is given at once, about. */
const pieceBytes = 64 * 1024;
/** How often a file that is being written is looked at for more, ms. */
const growthPollMs = 250;
/** Whether there is sound in a file shows within so many tags. */
const maxPeekedTags = 256;

const noBytes = new Uint8Array();

/**
 * A recording as an FLV file, from a place on: header, metadata, sequence headers, then tags with the times that they have
 * in the recording. Made while it is taken: in memory there are one window of the file and one piece of what is made.
 */
export class FlvBody implements AsyncIterable<Uint8Array> {
  readonly #file: MediaFile;
  readonly #options: FlvBodyOptions;

  constructor(file: MediaFile, options: FlvBodyOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Pieces have no bytes while there is nothing to give. Throws the system's errors. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const file = this.#file;
    const { selection } = this.#options;
    const encoding = flvEncoding(selection);
    const encode = (messages: readonly LiveMessage[]): Uint8Array => {
      const length = messages.reduce((sum, message) => sum + encoding.encodedLength(message), 0);
      const bytes = Buffer.allocUnsafeSlow(length);
      let at = 0;
      for (const message of messages) {
        if (encoding.encodedLength(message) !== 0) at = encoding.write(bytes, at, message);
      }
      return bytes;
    };
    const audio = selection.audio && (await hasAudio(file));
    const { position, timestamp, isStart } = await this.#place();
    yield encodeFlvHeader({ audio, video: selection.video && file.hasVideo });
    // At its start the file has them itself.
    const headers = isStart ? [] : file.headersAt(position).map((header) => ({ ...header, timestamp }));
    yield encode([{ ...file.metadata, timestamp }, ...headers]);
    const reader = file.reader(position);
    const filter = new TagFilter();
    for (;;) {
      const { messages, next } = takePiece(reader, filter);
      if (messages.length > 0) yield encode(messages);
      if (next === undefined) return;
      if (next === 'fill') await reader.fill();
      if (next !== 'later') continue;
      yield noBytes;
      await new Promise((resolve) => setTimeout(resolve, growthPollMs));
    }
  }

  async #place(): Promise<{ readonly position: number; readonly timestamp: number; readonly isStart: boolean }> {
    const { start, durationMs, lastTimestamp } = this.#file;
    const { startMs = 0 } = this.#options;
    const wanted = startMs < 0 ? durationMs + startMs : Math.min(startMs, Math.max(durationMs, lastTimestamp));
    if (wanted <= start.timestamp) return { ...start, timestamp: 0, isStart: true };
    const find = (): Promise<SeekPoint> => this.#file.seekPoint(wanted);
    const point = await (this.#options.search?.(find, start) ?? find());
    return point.position === start.position
      ? { ...start, timestamp: 0, isStart: true }
      : { position: point.position, timestamp: point.timestamp, isStart: false };
  }
}

/** The tags that are in memory, up to a piece, and what is to be done for more. */
function takePiece(
  reader: MediaReader,
  filter: TagFilter,
): { readonly messages: readonly LiveMessage[]; readonly next: 'more' | 'fill' | 'later' | undefined } {
  const messages: LiveMessage[] = [];
  for (let bytes = 0; bytes < pieceBytes; ) {
    const tag = reader.peek();
    if (tag === undefined || typeof tag === 'string') return { messages, next: tag };
    reader.skip();
    const message = filter.take(tag);
    if (message === undefined) continue;
    messages.push(message);
    bytes += message.payload.length;
  }
  return { messages, next: 'more' };
}

/** Players wait for what the file header announces, and some leave out what it does not. */
async function hasAudio(file: MediaFile): Promise<boolean> {
  if (file.headersAt(file.start.position).some(({ messageTypeId }) => messageTypeId === flvTagTypes.audio)) return true;
  const reader = file.reader(file.start.position);
  for (let count = 0; count < maxPeekedTags; count += 1) {
    const tag = await nextTag(reader);
    if (tag === undefined) return false;
    if (tag.tagType === flvTagTypes.audio) return true;
    reader.skip();
  }
  return false;
}

/** The next tag, which stays the next; `undefined`: there is none now. */
async function nextTag(reader: MediaReader): Promise<FileTag | undefined> {
  for (;;) {
    const tag = reader.peek();
    if (tag !== 'fill') return tag === 'later' ? undefined : tag;
    await reader.fill();
  }
}
