import type { SeekPoint } from '../media-file/index.js';

/**
 * Looks for places in a file, one after another, and of those that wait the newest only: who seeks all the time is not to
 * read all the time.
 */
export class PlaceSearch {
  #newest: object | undefined;
  /** What is read, or was. */
  #finding: Promise<SeekPoint> | undefined;

  /** Resolves with `undefined` where it is of no interest any more. Rejects as `find` does. */
  async find(find: () => Promise<SeekPoint>): Promise<SeekPoint | undefined> {
    const search = {};
    this.#newest = search;
    if (this.#finding !== undefined) await this.#finding.catch(() => undefined);
    if (this.#newest !== search) return undefined;
    this.#finding = find();
    try {
      const point = await this.#finding;
      return this.#newest === search ? point : undefined;
    } catch (error) {
      if (this.#newest !== search) return undefined;
      throw error;
    }
  }

  /** The search that is under way is of no interest any more. */
  cancel(): void {
    this.#newest = undefined;
  }
}
