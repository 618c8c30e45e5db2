import { createHash, timingSafeEqual } from 'node:crypto';

/** Of equal length whatever the text, so that comparing takes equally long. */
export function secretDigest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Takes as long for texts that are nearly equal as for others. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(secretDigest(a), secretDigest(b));
}
