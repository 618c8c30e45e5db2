import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again until `find` gives something other than undefined or false. For states that can only be asked
 * for (the server's API); where something can be listened to, listen to it.
 */
export async function eventually<T>(
  what: string,
  find: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(25);
  }
}

/** Rejects if `promise` takes longer. */
export async function within<T>(deadlineMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
