/** The stream cipher of RTMPE. Broken as a cipher: it hides bytes and keeps no secret. */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** `key`: 1 … 256 bytes, not kept. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i += 1) state[i] = i;
    let j = 0;
    for (let i = 0; i < 256; i += 1) {
      const swapped = state[i] as number;
      j = (j + swapped + (key[i % key.length] as number)) & 0xff;
      state[i] = state[j] as number;
      state[j] = swapped;
    }
  }

  /** Encrypts, or decrypts, from `input` to `output`, which is at least as long and may be `input` itself. */
  apply(input: Uint8Array, output: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < input.length; at += 1) {
      i = (i + 1) & 0xff;
      const a = state[i] as number;
      j = (j + a) & 0xff;
      const b = state[j] as number;
      state[i] = b;
      state[j] = a;
      output[at] = (input[at] as number) ^ (state[(a + b) & 0xff] as number);
    }
    this.#i = i;
    this.#j = j;
  }
}
