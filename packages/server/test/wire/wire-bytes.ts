// Bytes of the chunk stream made by hand: nothing here is shared with the code under test, and nothing is checked, so
// that wrong bytes can be made as easily as right ones.

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Bytes from numbers: `bytes(1, 2, 0xff)`. */
export function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(value: number): Uint8Array {
  return bytes((value >>> 8) & 0xff, value & 0xff);
}

export function u24(value: number): Uint8Array {
  return bytes((value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export function u32(value: number): Uint8Array {
  return bytes((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export function u32Le(value: number): Uint8Array {
  return u32(value).reverse();
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** `length` bytes that tell their place: a shift or a loss changes them. */
export function pattern(length: number, seed = 1): Uint8Array {
  const made = new Uint8Array(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    made[i] = state;
  }
  return made;
}

/** `form`: how many bytes to write it in; absent: the fewest. [RTMP §5.3.1.1] */
export function basicHeader(fmt: number, chunkStreamId: number, form?: 1 | 2 | 3): Uint8Array {
  const shortest = chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;
  const rest = chunkStreamId - 64;
  switch (form ?? shortest) {
    case 1:
      return bytes((fmt << 6) | chunkStreamId);
    case 2:
      return bytes(fmt << 6, rest & 0xff);
    default:
      return bytes((fmt << 6) | 1, rest & 0xff, (rest >>> 8) & 0xff);
  }
}

export interface ChunkFields {
  readonly chunkStreamId?: number;
  readonly form?: 1 | 2 | 3;
  /** Absolute for type 0, a delta for types 1 and 2. From 0xFFFFFF on the extended field is written. */
  readonly timestamp?: number;
  /** The length that the header claims; absent: that of `payload`. */
  readonly length?: number;
  readonly type?: number;
  readonly messageStreamId?: number;
  readonly payload?: Uint8Array;
}

/** One chunk with a header of type `fmt` and all of `payload`. Type 3 never gets an extended timestamp here. */
export function chunk(fmt: 0 | 1 | 2 | 3, fields: ChunkFields = {}): Uint8Array {
  const { chunkStreamId = 3, timestamp = 0, type = 8, messageStreamId = 0, payload = new Uint8Array(0) } = fields;
  const parts = [basicHeader(fmt, chunkStreamId, fields.form)];
  const extended = timestamp >= 0xff_ffff;
  if (fmt < 3) parts.push(u24(extended ? 0xff_ffff : timestamp));
  if (fmt < 2) parts.push(u24(fields.length ?? payload.length), bytes(type));
  if (fmt < 1) parts.push(u32Le(messageStreamId));
  if (fmt < 3 && extended) parts.push(u32(timestamp));
  parts.push(payload);
  return concat(...parts);
}

/**
 * A whole message: a type 0 header, then type 3 chunks that repeat the extended timestamp [Errata §5.1], unless
 * `omitExtended` says to leave it out of them as some old senders do.
 */
export function message(
  fields: ChunkFields & { readonly payload: Uint8Array },
  chunkSize = 128,
  options: { readonly omitExtended?: boolean } = {},
): Uint8Array {
  const { payload, chunkStreamId = 3, form, timestamp = 0 } = fields;
  const parts = [
    chunk(0, { ...fields, length: fields.length ?? payload.length, payload: payload.subarray(0, chunkSize) }),
  ];
  for (let at = chunkSize; at < payload.length; at += chunkSize) {
    parts.push(basicHeader(3, chunkStreamId, form));
    if (timestamp >= 0xff_ffff && options.omitExtended !== true) parts.push(u32(timestamp));
    parts.push(payload.subarray(at, at + chunkSize));
  }
  return concat(...parts);
}

export function setChunkSize(size: number): Uint8Array {
  return chunk(0, { chunkStreamId: 2, type: 1, payload: u32(size) });
}
