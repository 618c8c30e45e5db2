const roundCount = 16;
const subkeyCount = roundCount + 2;
const boxCount = 4;
const boxLength = 256;
const tableLength = subkeyCount + boxCount * boxLength;
/** Bits behind those that are wanted, for what the terms of the series are cut off by. */
const guardBits = 64n;

let initialTable: Uint32Array | undefined;

/** Blowfish: a block of 64 bits, 16 rounds. [Schneier, "Description of a New Variable-Length Key, 64-bit Block Cipher", 1993] */
export class Blowfish {
  /** 18 subkeys, then the four boxes of 256 words. */
  readonly #table: Uint32Array;

  /** `key`: 4 … 56 bytes, not kept. */
  constructor(key: Uint8Array) {
    initialTable ??= fractionOfPi(tableLength);
    const table = initialTable.slice();
    this.#table = table;
    let at = 0;
    for (let i = 0; i < subkeyCount; i += 1) {
      let word = 0;
      for (let k = 0; k < 4; k += 1) {
        word = (word << 8) | (key[at] as number);
        at = (at + 1) % key.length;
      }
      table[i] = (table[i] as number) ^ word;
    }
    let block: readonly [number, number] = [0, 0];
    for (let i = 0; i < tableLength; i += 2) {
      block = this.encrypt(block);
      table.set(block, i);
    }
  }

  encrypt([first, second]: readonly [number, number]): readonly [number, number] {
    const table = this.#table;
    let left = first;
    let right = second;
    for (let round = 0; round < roundCount; round += 1) {
      left ^= table[round] as number;
      [left, right] = [right ^ this.#mix(left), left];
    }
    return [(right ^ (table[roundCount + 1] as number)) >>> 0, (left ^ (table[roundCount] as number)) >>> 0];
  }

  #mix(word: number): number {
    const [a, b, c, d] = [
      this.#box(0, word >>> 24),
      this.#box(1, word >>> 16),
      this.#box(2, word >>> 8),
      this.#box(3, word),
    ];
    return (((a + b) ^ c) + d) | 0;
  }

  #box(box: number, index: number): number {
    return this.#table[subkeyCount + box * boxLength + (index & 0xff)] as number;
  }
}

/** The first words of π behind its point, of which Blowfish's tables are made. By Machin's formula. */
function fractionOfPi(wordCount: number): Uint32Array {
  const bits = BigInt(wordCount * 32);
  const one = 1n << (bits + guardBits);
  const pi = 16n * arctangent(5n, one) - 4n * arctangent(239n, one);
  const digits = ((pi - 3n * one) >> guardBits).toString(16).padStart(wordCount * 8, '0');
  return Uint32Array.from({ length: wordCount }, (_, at) => Number.parseInt(digits.slice(at * 8, at * 8 + 8), 16));
}

/** arctan(1/x), as a multiple of 1/one. */
function arctangent(x: bigint, one: bigint): bigint {
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power !== 0n; n += 2n, sign = -sign) {
    power /= x * x;
    sum += sign * (power / n);
  }
  return sum;
}
