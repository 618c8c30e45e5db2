/**
 * A cursor over single bits, most significant first. Reads past the end give 0 and set `exhausted`, so that a parser of
 * a codec configuration checks once, at its end, and never throws.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #exhausted = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True once a read went past the end, or met an Exp-Golomb code too long to be one: no value read is to be trusted. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Bits left to read. */
  get remaining(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  /** `count` bits (0…32) as an unsigned integer. */
  readBits(count: number): number {
    if (count > this.remaining) {
      this.#fail();
      return 0;
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      const free = 8 - (this.#position & 7);
      const taken = Math.min(free, left);
      const bits = (byte >> (free - taken)) & ((1 << taken) - 1);
      value = value * 2 ** taken + bits;
      this.#position += taken;
      left -= taken;
    }
    return value;
  }

  readFlag(): boolean {
    return this.readBits(1) === 1;
  }

  skipBits(count: number): void {
    if (count > this.remaining) this.#fail();
    else this.#position += count;
  }

  /** ue(v), 0…2³²−2 [H.264 §9.1]. */
  readUnsignedExpGolomb(): number {
    let zeros = 0;
    while (this.remaining > 0 && !this.readFlag()) zeros += 1;
    if (zeros > 31) {
      this.#fail();
      return 0;
    }
    return 2 ** zeros - 1 + this.readBits(zeros);
  }

  /** se(v) [H.264 §9.1.1]. */
  readSignedExpGolomb(): number {
    const code = this.readUnsignedExpGolomb();
    return code % 2 === 0 ? 0 - code / 2 : (code + 1) / 2;
  }

  #fail(): void {
    this.#exhausted = true;
    this.#position = this.#bytes.length * 8;
  }
}

/** A NAL unit without its emulation prevention bytes (the 3 in 00 00 03) [H.264 §7.4.1]. A copy. */
export function removeEmulationPrevention(nalUnit: Uint8Array): Uint8Array {
  const out = new Uint8Array(nalUnit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}

/** The reverse: a 3 after every two zeros that a byte from 0 to 3 follows. A copy. */
export function insertEmulationPrevention(nalUnit: Uint8Array): Uint8Array {
  // At worst a byte for every two.
  const out = new Uint8Array(nalUnit.length + (nalUnit.length >> 1));
  let length = 0;
  let zeros = 0;
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte <= 3) {
      out[length] = 3;
      length += 1;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length] = byte;
    length += 1;
  }
  return out.slice(0, length);
}
