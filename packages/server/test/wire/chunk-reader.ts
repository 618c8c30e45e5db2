import { type AmfValue, decodeAmf0 } from '@millrace/protocol';

/** A message as it came from the server. */
export interface WireMessage {
  readonly chunkStreamId: number;
  /** Message type id. */
  readonly type: number;
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly payload: Uint8Array;
  /** The values of a command or data message (types 20, 18, 17, 15); empty for all others, and for data that is none. */
  readonly values: readonly AmfValue[];
}

interface Stream {
  timestamp: number;
  delta: number;
  length: number;
  type: number;
  messageStreamId: number;
  extended: boolean;
  chunks: Buffer[];
  received: number;
}

/**
 * Reads the server's chunk stream, strictly and with code of its own: what the server may not send throws. Every type 3
 * chunk must repeat an extended timestamp in force. [Errata §5.1]
 */
export class ChunkReader {
  readonly #streams = new Map<number, Stream>();
  #pending: Buffer[] = [];
  #pendingLength = 0;
  #needed = 1;
  chunkSize = 128;

  /** Takes bytes and returns the messages they complete. */
  push(bytes: Buffer): WireMessage[] {
    this.#pending.push(bytes);
    this.#pendingLength += bytes.length;
    const messages: WireMessage[] = [];
    if (this.#pendingLength < this.#needed) return messages;
    const input = this.#pending.length === 1 ? bytes : Buffer.concat(this.#pending);
    let at = 0;
    for (;;) {
      const step = this.#chunk(input, at);
      if (typeof step === 'number') {
        this.#needed = step - at;
        break;
      }
      at = step.end;
      if (step.message !== undefined) messages.push(step.message);
    }
    this.#pending = [input.subarray(at)];
    this.#pendingLength = input.length - at;
    return messages;
  }

  /** One chunk at `start`; a number: where it ends as far as that can be told, which is beyond the input. */
  #chunk(input: Buffer, start: number): number | { readonly end: number; readonly message?: WireMessage } {
    if (input.length < start + 3) {
      const first = input[start];
      const form = first === undefined ? 1 : (first & 0x3f) === 0 ? 2 : (first & 0x3f) === 1 ? 3 : 1;
      if (input.length < start + form) return start + form;
    }
    const first = input.readUInt8(start);
    const fmt = first >>> 6;
    let chunkStreamId = first & 0x3f;
    let at = start + 1;
    if (chunkStreamId < 2) {
      const form = chunkStreamId;
      chunkStreamId = 64 + input.readUInt8(at) + (form === 1 ? 256 * input.readUInt8(at + 1) : 0);
      at += form + 1;
    }
    const known = this.#streams.get(chunkStreamId);
    if (known === undefined && fmt !== 0) throw new Error(`type ${fmt} opens chunk stream ${chunkStreamId}`);
    const stream = known ?? newStream();
    const fields = at;
    at += [11, 7, 3, 0][fmt] as number;
    if (input.length < at) return at;
    let time = fmt < 3 ? input.readUIntBE(fields, 3) : 0;
    const extended = fmt < 3 ? time === 0xff_ffff : stream.extended;
    if (extended) {
      at += 4;
      if (input.length < at) return at;
      time = input.readUInt32BE(at - 4);
      if (fmt < 3 && time < 0xff_ffff) throw new Error(`extended timestamp ${time} without need`);
    }
    const continues = stream.received > 0;
    if (continues && fmt !== 3) throw new Error(`type ${fmt} inside a message on chunk stream ${chunkStreamId}`);
    const length = fmt < 2 ? input.readUIntBE(fields + 3, 3) : stream.length;
    const take = Math.min(this.chunkSize, length - stream.received);
    if (input.length < at + take) return at + take;

    this.#streams.set(chunkStreamId, stream);
    if (fmt < 3) stream.extended = extended;
    if (fmt < 2) {
      stream.length = length;
      stream.type = input.readUInt8(fields + 6);
    }
    if (fmt === 0) stream.messageStreamId = input.readUInt32LE(fields + 7);
    if (!continues) {
      if (fmt < 3 || extended) stream.delta = time;
      stream.timestamp = fmt === 0 ? time : (stream.timestamp + stream.delta) % 2 ** 32;
    }
    stream.chunks.push(Buffer.from(input.subarray(at, at + take)));
    stream.received += take;
    const end = at + take;
    if (stream.received < stream.length) return { end };
    const payload = new Uint8Array(Buffer.concat(stream.chunks));
    stream.chunks = [];
    stream.received = 0;
    return { end, message: this.#message(chunkStreamId, stream, payload) };
  }

  #message(chunkStreamId: number, stream: Stream, payload: Uint8Array): WireMessage {
    const { type, timestamp, messageStreamId } = stream;
    if (type === 1) this.chunkSize = new DataView(payload.buffer).getUint32(0);
    return { chunkStreamId, type, timestamp, messageStreamId, payload, values: valuesOf(type, payload) };
  }
}

function valuesOf(type: number, payload: Uint8Array): AmfValue[] {
  if ((type === 15 || type === 17) && payload[0] !== 0) throw new Error(`format byte ${payload[0]}`); // [Errata §7.2]
  switch (type) {
    case 20:
      return decodeAmf0(payload);
    case 17:
      return decodeAmf0(payload.subarray(1));
    case 18:
      return dataValues(payload);
    case 15:
      return dataValues(payload.subarray(1));
    default:
      return [];
  }
}

/** Data is the publisher's, who may have sent nonsense: the server passes it on. */
function dataValues(payload: Uint8Array): AmfValue[] {
  try {
    return decodeAmf0(payload);
  } catch {
    return [];
  }
}

function newStream(): Stream {
  return {
    timestamp: 0,
    delta: 0,
    length: 0,
    type: 0,
    messageStreamId: 0,
    extended: false,
    chunks: [],
    received: 0,
  };
}
