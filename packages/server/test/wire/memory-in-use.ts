import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes that this process holds once all that can be let go is let go: what limits are measured by. */
export function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Waits until no more than `bytes` are in use, for two seconds, and gives what is: buffers are swept by another thread,
 * and what a socket was given it holds until its close is through.
 */
export async function memorySettledTo(bytes: number): Promise<number> {
  let used = memoryInUse();
  for (let looks = 0; used > bytes && looks < 40; looks += 1) {
    await pause(50);
    used = memoryInUse();
  }
  return used;
}
