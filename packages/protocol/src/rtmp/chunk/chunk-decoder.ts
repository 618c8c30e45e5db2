import { RtmpRemoteError } from '../../bytes/index.js';
import { messageTypes } from '../message/message-type.js';
import type { RawMessage } from '../message/raw-message.js';
import { extendedTimestampMark, initialChunkSize, maxWireChunkSize, messageHeaderLengths } from './chunk-header.js';
import { type ChunkLimits, defaultChunkLimits } from './chunk-limits.js';
import { ChunkStream } from './chunk-stream.js';

/** Basic header 3, message header 11, extended timestamp 4. */
const maxHeaderLength = 18;

/** Memory for a message follows the bytes that came, not the length it claims: at least this much at the start. */
const minReservation = 4096;

const noBytes: Uint8Array = new Uint8Array(0);

/**
 * Turns chunk stream bytes into messages: `push` some, then call `next` until it returns `undefined`. The layout is
 * drawn in `chunk-header.ts`. Set Chunk Size and Abort take effect here, and are returned like every other message.
 */
export class ChunkDecoder {
  readonly #limits: ChunkLimits;
  readonly #streams = new Map<number, ChunkStream>();
  /** The chunk stream of the chunk in progress, or of the last one. */
  #stream: ChunkStream | undefined;
  /** Payload bytes of the chunk in progress that are still to come. */
  #chunkRemaining = 0;
  /** Memory reserved for messages in progress. */
  #reservedBytes = 0;
  #chunkSize = initialChunkSize;
  #bytesReceived = 0;
  #input: Uint8Array = noBytes;
  #at = 0;
  /** The start of a header whose rest has not come: all that outlives the pushed bytes. */
  readonly #carry = new Uint8Array(maxHeaderLength);
  #carryLength = 0;
  #failure: RtmpRemoteError | undefined;

  constructor(limits: Partial<ChunkLimits> = {}) {
    this.#limits = { ...defaultChunkLimits, ...limits };
  }

  /** The peer's chunk size in bytes, 1 … 2²⁴−1. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** Bytes pushed so far. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Gives the decoder bytes. They are read in place: leave them alone until `next` has returned `undefined`. */
  push(bytes: Uint8Array): void {
    this.#bytesReceived += bytes.length;
    const rest = this.#input.length - this.#at;
    if (rest === 0) {
      // A plain view: subclasses such as Node's Buffer make slower and different copies.
      this.#input = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } else {
      const joined = new Uint8Array(rest + bytes.length);
      joined.set(this.#input.subarray(this.#at));
      joined.set(bytes, rest);
      this.#input = joined;
    }
    this.#at = 0;
  }

  /**
   * The next complete message, or `undefined` when more bytes are needed. Its payload is a copy that the caller owns.
   * @throws RtmpRemoteError when the bytes are no chunk stream or pass a limit; from then on every call throws it again
   */
  next(): RawMessage | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#next();
    } catch (error) {
      if (error instanceof RtmpRemoteError) {
        this.#failure = error;
        this.#releaseInput();
        this.#streams.clear();
        this.#stream = undefined;
      }
      throw error;
    }
  }

  #next(): RawMessage | undefined {
    for (;;) {
      const stream = this.#chunkRemaining > 0 ? this.#stream : this.#nextHeader();
      if (stream === undefined) break;
      this.#takePayload(stream);
      if (stream.received === stream.messageLength) return this.#finishMessage(stream);
      if (this.#chunkRemaining > 0) break;
    }
    this.#releaseInput();
    return undefined;
  }

  #releaseInput(): void {
    this.#input = noBytes;
    this.#at = 0;
  }

  #error(code: string, message: string): RtmpRemoteError {
    return new RtmpRemoteError(code, message, { offset: this.#bytesReceived - (this.#input.length - this.#at) });
  }

  /** Reads one header into its chunk stream and begins the chunk; `undefined` when the header is not all there. */
  #nextHeader(): ChunkStream | undefined {
    const input = this.#input;
    const available = input.length - this.#at;
    if (available === 0) return undefined;
    const held = this.#carryLength;
    if (held === 0) {
      const length = this.#readHeader(input, this.#at, input.length);
      if (length > 0) {
        this.#at += length;
        return this.#beginChunk();
      }
    }
    // A header that the input's end cut: collected byte by byte elsewhere, so that the input can be let go.
    const added = Math.min(available, maxHeaderLength - held);
    for (let i = 0; i < added; i += 1) this.#carry[held + i] = input[this.#at + i] as number;
    if (held > 0) {
      const length = this.#readHeader(this.#carry, 0, held + added);
      if (length > 0) {
        this.#carryLength = 0;
        this.#at += Math.max(0, length - held);
        // An extended timestamp that was waited for and turned out to be payload.
        if (length < held) this.#putBack(this.#carry.subarray(length, held));
        return this.#beginChunk();
      }
    }
    this.#carryLength = held + added;
    this.#at += added;
    return undefined;
  }

  #putBack(bytes: Uint8Array): void {
    const rest = this.#input.subarray(this.#at);
    const joined = new Uint8Array(bytes.length + rest.length);
    joined.set(bytes);
    joined.set(rest, bytes.length);
    this.#input = joined;
    this.#at = 0;
  }

  #beginChunk(): ChunkStream | undefined {
    const stream = this.#stream;
    if (stream !== undefined) this.#chunkRemaining = Math.min(this.#chunkSize, stream.messageLength - stream.received);
    return stream;
  }

  /** Returns the header's length, or 0, with nothing changed, when it is not all in `bytes[at … end)`. */
  #readHeader(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at] as number;
    const fmt = (first >>> 6) as 0 | 1 | 2 | 3;
    let id = first & 0x3f;
    let cursor = at + 1;
    if (id < 2) {
      cursor += id + 1;
      if (cursor > end) return 0;
      // The third byte counts 256s. [RTMP §5.3.1.1], [Errata §4.1]
      id = 64 + (bytes[at + 1] as number) + (id === 1 ? 256 * (bytes[at + 2] as number) : 0);
    }
    let stream = this.#stream;
    if (stream === undefined || stream.id !== id) stream = this.#streams.get(id);
    if (fmt === 3) {
      if (stream === undefined) throw this.#freshStreamError(fmt, id);
      return this.#readType3(stream, bytes, at, cursor, end);
    }

    const fields = cursor;
    cursor += messageHeaderLengths[fmt];
    if (cursor > end) return 0;
    const field = readUint24(bytes, fields);
    const extended = field === extendedTimestampMark;
    if (extended) cursor += 4;
    if (cursor > end) return 0;
    const time = extended ? readUint32(bytes, cursor - 4) : field;

    stream ??= this.#openStream(fmt, id);
    const length = fmt === 2 ? stream.messageLength : readUint24(bytes, fields + 3);
    const typeId = fmt === 2 ? stream.messageTypeId : (bytes[fields + 6] as number);
    const messageStreamId = fmt === 0 ? readUint32Le(bytes, fields + 7) : stream.messageStreamId;
    if (stream.receiving) {
      // Continuations only SHOULD be type 3 [RTMP §5.3.1.2.4]. ffmpeg, librtmp and nginx-rtmp read on whatever the header
      // type; SRS too, but refuses type 0 and another length. A header that repeats the message's is taken as its
      // continuation; one that says something else would be a message begun without an Abort of the one before.
      if (
        length !== stream.messageLength ||
        typeId !== stream.messageTypeId ||
        messageStreamId !== stream.messageStreamId ||
        (fmt === 0 && time !== stream.timestamp)
      ) {
        throw this.#error(
          'ERR_RTMP_CHUNK_MESSAGE_CHANGED',
          `type ${fmt} header inside a message on chunk stream ${id}`,
        );
      }
    } else {
      if (length > this.#limits.maxMessageBytes) {
        throw this.#error(
          'ERR_RTMP_MESSAGE_TOO_LONG',
          `a message of ${length} bytes, ${this.#limits.maxMessageBytes} are allowed`,
        );
      }
      stream.messageLength = length;
      stream.messageTypeId = typeId;
      stream.messageStreamId = messageStreamId;
      stream.timestamp = fmt === 0 ? time : (stream.timestamp + time) >>> 0;
      // A type 3 chunk right after a type 0 one takes its timestamp as the delta. [RTMP §5.3.1.2.4] FMLE counts on it
      // (type 0 at 26 ms, then a bare 0xC4 for 52 ms, noted in SRS), and ffmpeg, librtmp and SRS read it so. nginx-rtmp
      // reads and writes a delta of 0 there; for streams that start at 0 that is the same.
      stream.timestampDelta = time;
      stream.receiving = true;
    }
    stream.extended = extended;
    stream.extendedTimestamp = time;
    this.#stream = stream;
    return cursor - at;
  }

  #readType3(stream: ChunkStream, bytes: Uint8Array, at: number, start: number, end: number): number {
    let cursor = start;
    if (stream.receiving) {
      if (stream.extended) {
        const present = extendedTimestampPresent(stream, bytes, cursor, end);
        if (present === undefined) return 0;
        if (present) cursor += 4;
      }
    } else {
      if (stream.extended) {
        cursor += 4;
        if (cursor > end) return 0;
        // ffmpeg writes type 3 whenever both deltas need the extension, equal or not: the value here is the right one.
        stream.timestampDelta = readUint32(bytes, cursor - 4);
        stream.extendedTimestamp = stream.timestampDelta;
      }
      stream.timestamp = (stream.timestamp + stream.timestampDelta) >>> 0;
      stream.receiving = true;
    }
    this.#stream = stream;
    return cursor - at;
  }

  #openStream(fmt: 0 | 1 | 2, id: number): ChunkStream {
    // librtmp starts chunk stream 2 with a type 1 header for its pings (noted in SRS): message stream 0, from time 0.
    if (fmt === 2) throw this.#freshStreamError(fmt, id);
    if (this.#streams.size >= this.#limits.maxChunkStreams) {
      throw this.#error('ERR_RTMP_CHUNK_STREAMS', `more than ${this.#limits.maxChunkStreams} chunk streams`);
    }
    const stream = new ChunkStream(id);
    this.#streams.set(id, stream);
    return stream;
  }

  #freshStreamError(fmt: number, id: number): RtmpRemoteError {
    return this.#error(
      'ERR_RTMP_CHUNK_FRESH_STREAM',
      `type ${fmt} header on chunk stream ${id} before any full header`,
    );
  }

  /** Copies what is there of the chunk in progress into its message. */
  #takePayload(stream: ChunkStream): void {
    const count = Math.min(this.#chunkRemaining, this.#input.length - this.#at);
    if (count === 0) return;
    const source = this.#input.subarray(this.#at, this.#at + count);
    if (count === stream.messageLength) {
      // The whole message at once. Copying into new memory saves zeroing it first.
      stream.payload = new Uint8Array(source);
    } else {
      this.#room(stream, count).set(source, stream.received);
    }
    stream.received += count;
    this.#at += count;
    this.#chunkRemaining -= count;
  }

  /** The message's memory, grown so that `count` more bytes fit. */
  #room(stream: ChunkStream, count: number): Uint8Array {
    const payload = stream.payload ?? noBytes;
    const needed = stream.received + count;
    if (needed <= payload.length) return payload;
    const allowed = this.#limits.maxPartialBytes - this.#reservedBytes + stream.reserved;
    if (needed > allowed) {
      throw this.#error(
        'ERR_RTMP_PARTIAL_MESSAGES',
        `more than ${this.#limits.maxPartialBytes} bytes of messages in progress`,
      );
    }
    const wanted = Math.max(minReservation, needed * 4);
    const grown = new Uint8Array(Math.min(stream.messageLength, allowed, wanted));
    grown.set(payload.length === stream.received ? payload : payload.subarray(0, stream.received));
    this.#reservedBytes += grown.length - stream.reserved;
    stream.reserved = grown.length;
    stream.payload = grown;
    return grown;
  }

  #dropMessage(stream: ChunkStream): void {
    this.#reservedBytes -= stream.reserved;
    stream.reserved = 0;
    stream.payload = undefined;
    stream.received = 0;
    stream.receiving = false;
  }

  #finishMessage(stream: ChunkStream): RawMessage {
    const payload = stream.payload ?? new Uint8Array(0);
    const message = {
      messageTypeId: stream.messageTypeId,
      timestamp: stream.timestamp,
      messageStreamId: stream.messageStreamId,
      payload,
    };
    this.#dropMessage(stream);
    if (message.messageTypeId === messageTypes.setChunkSize) this.#applySetChunkSize(payload);
    else if (message.messageTypeId === messageTypes.abort) this.#applyAbort(payload);
    return message;
  }

  /** In force from the next chunk on, for messages in progress too. [RTMP §5.4.1] */
  #applySetChunkSize(payload: Uint8Array): void {
    const size = payload.length < 4 ? 0 : readUint32(payload, 0);
    if (size === 0 || size > 0x7fffffff) {
      throw this.#error('ERR_RTMP_CHUNK_SIZE', `Set Chunk Size with ${payload.length} bytes, value ${size}`);
    }
    const clamped = Math.min(size, maxWireChunkSize);
    if (clamped > this.#limits.maxChunkSize) {
      throw this.#error('ERR_RTMP_CHUNK_SIZE', `chunk size ${size}, ${this.#limits.maxChunkSize} is allowed`);
    }
    this.#chunkSize = clamped;
  }

  /** Nothing happens when no message is in progress there. [RTMP §5.4.2] */
  #applyAbort(payload: Uint8Array): void {
    if (payload.length < 4) {
      throw this.#error('ERR_RTMP_ABORT_LENGTH', `Abort with ${payload.length} bytes, 4 are needed`);
    }
    const stream = this.#streams.get(readUint32(payload, 0));
    if (stream !== undefined) this.#dropMessage(stream);
  }
}

/**
 * Every type 3 chunk repeats the extended timestamp [Errata §5.1], but older ffmpeg and librtmp leave it out of a message's
 * later chunks, so the four bytes are compared with what they should be; some repeat the absolute time instead of the
 * delta, which is what SRS compares with. `undefined`: more bytes are needed to tell.
 */
function extendedTimestampPresent(
  stream: ChunkStream,
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean | undefined {
  const count = Math.min(4, end - at);
  let asSent = true;
  let asAbsolute = true;
  for (let i = 0; i < count; i += 1) {
    const byte = bytes[at + i] as number;
    const shift = 24 - 8 * i;
    asSent &&= byte === ((stream.extendedTimestamp >>> shift) & 0xff);
    asAbsolute &&= byte === ((stream.timestamp >>> shift) & 0xff);
  }
  if (!asSent && !asAbsolute) return false;
  return count === 4 ? true : undefined;
}

function readUint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((readUint24(bytes, at) << 8) | (bytes[at + 3] as number)) >>> 0;
}

function readUint32Le(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at + 3] as number) << 24) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 1] as number) << 8) |
      (bytes[at] as number)) >>>
    0
  );
}
