/** Instead of a result: there was none in time. */
export const timedOut = Symbol('timed out');

/** What `work` comes to, or `timedOut` where that takes longer than `timeoutMs`. The work itself goes on. */
export function withTimeLimit<T>(work: Promise<T>, timeoutMs: number): Promise<T | typeof timedOut> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(timedOut), timeoutMs);
    // A stopping server does not wait for it.
    timer.unref();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
