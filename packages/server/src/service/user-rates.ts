import { TokenBucket } from './token-bucket.js';

/** Users whose rate is remembered; who has said nothing for longest is forgotten first. */
const maxUsers = 10_000;

/** How fast each user of a room may send, wherever it is attached. */
export class UserRates {
  readonly #perSecond: number;
  /** Who sent last is last. */
  readonly #users = new Map<string, TokenBucket>();

  /** `perSecond` 0: as fast as they like. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** `false`: the user sends too fast. */
  take(userId: string, nowMs: number): boolean {
    if (this.#perSecond === 0) return true;
    const bucket = this.#users.get(userId) ?? new TokenBucket(this.#perSecond, this.#perSecond, nowMs);
    this.#users.delete(userId);
    this.#users.set(userId, bucket);
    if (this.#users.size > maxUsers) {
      const [quietest] = this.#users.keys();
      if (quietest !== undefined) this.#users.delete(quietest);
    }
    return bucket.take(nowMs);
  }
}
