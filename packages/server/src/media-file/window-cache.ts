import type { ByteSource } from './byte-source.js';

/** For all files together, about 32 MiB: players who began together read the same windows within seconds of each other. */
const maxWindows = 128;

/** Parts of files that were read lately. Players of the same place get the same memory, which nobody may change. */
export class WindowCache {
  readonly #windows = new Map<string, Promise<Uint8Array>>();
  readonly #ids = new WeakMap<ByteSource, number>();
  #nextId = 1;

  /** Bytes from `position` on, fewer at the end of the source. Rejects with the system's errors. */
  async read(source: ByteSource, position: number, length: number): Promise<Uint8Array> {
    const key = `${this.#idOf(source)}/${position}`;
    const known = this.#windows.get(key);
    if (known !== undefined) {
      const window = await known;
      if (window.length >= length) return window;
    }
    const reading = readWindow(source, position, length);
    this.#keep(key, reading);
    return reading;
  }

  #idOf(source: ByteSource): number {
    const known = this.#ids.get(source);
    if (known !== undefined) return known;
    const id = this.#nextId;
    this.#nextId += 1;
    this.#ids.set(source, id);
    return id;
  }

  #keep(key: string, reading: Promise<Uint8Array>): void {
    this.#windows.delete(key);
    this.#windows.set(key, reading);
    reading.catch(() => {
      if (this.#windows.get(key) === reading) this.#windows.delete(key);
    });
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= maxWindows) return;
      this.#windows.delete(oldest);
    }
  }
}

/** Bytes from `position` on, fewer at the end of the source. Rejects with the system's errors. */
export async function readWindow(source: ByteSource, position: number, length: number): Promise<Uint8Array> {
  const target = Buffer.allocUnsafeSlow(length);
  const filled = await source.read(target, position);
  return target.subarray(0, filled);
}
