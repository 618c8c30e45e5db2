/*
 * A box [ISO/IEC 14496-12 §4.2]:
 *
 *   +--------+------+---------+----------+-----------+
 *   | size   | type | version | flags    | content … |
 *   | UI32   | 4 CC | UI8     | UI24     |           |
 *   +--------+------+---------+----------+-----------+
 *                    \_ "full" boxes only _/
 *   A size of 1 means that 64 bits of size follow the type.
 */

type Part = Uint8Array | number[];

/** `parts`: bytes, or lists of bytes. */
export function box(type: string, ...parts: readonly Part[]): Buffer {
  const bytes = parts.map((part) => (Array.isArray(part) ? Uint8Array.from(part) : part));
  const size = bytes.reduce((sum, { length }) => sum + length, 8);
  return Buffer.concat([u32(size), Buffer.from(type, 'latin1'), ...bytes], size);
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Part[]): Buffer {
  return box(type, u32(version * 2 ** 24 + flags), ...parts);
}

export const u16 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, i * 2);
  return bytes;
};

export const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
};

export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** The header of an `mdat` of which the content follows. */
export function mdatHeader(contentBytes: number): Buffer {
  if (contentBytes + 8 < 2 ** 32) return Buffer.concat([u32(contentBytes + 8), Buffer.from('mdat')]);
  return Buffer.concat([u32(1), Buffer.from('mdat'), u64(contentBytes + 16)]);
}
