/** The right to write one file. */
export interface FileClaim {
  /** Resolves when whoever finishes the same file has done so. */
  readonly ready: Promise<void>;
  /** What is left to do does not take a stream's time: the next may claim the file already, and waits. */
  finishing(): void;
  release(): void;
}

interface Held {
  isFinishing: boolean;
  readonly released: Promise<void>;
}

/** Who writes which file: one at a time. */
export class FileClaims {
  readonly #held = new Map<string, Held>();

  /** Whether somebody writes this file, or completes it. */
  has(path: string): boolean {
    return this.#held.has(keyOf(path));
  }

  /** `undefined`: somebody records into this file. */
  take(path: string): FileClaim | undefined {
    const key = keyOf(path);
    const before = this.#held.get(key);
    if (before !== undefined && !before.isFinishing) return undefined;
    let free = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      free = resolve;
    });
    const held: Held = { isFinishing: false, released };
    this.#held.set(key, held);
    return {
      ready: before?.released ?? Promise.resolve(),
      finishing() {
        held.isFinishing = true;
      },
      release: () => {
        if (this.#held.get(key) === held) this.#held.delete(key);
        free();
      },
    };
  }
}

/** Some file systems take different spellings for one name. */
function keyOf(path: string): string {
  const normal = path.normalize('NFC');
  return process.platform === 'darwin' || process.platform === 'win32' ? normal.toLowerCase() : normal;
}
