import type { Logger } from '../log/index.js';

/** What is promised to whoever stops the server: it ends within this, ms. */
const stopWithinMs = 4800;
/**
 * Ctrl+C under `npm start` comes twice within milliseconds: from the terminal, and passed on by npm. Only a second one
 * after this, ms, is somebody's wish not to wait.
 */
const repeatedSignalMs = 500;
const signals = ['SIGTERM', 'SIGINT'] as const;

/** On SIGTERM or SIGINT calls `stop`, then exits with 0; at once on a second signal. */
export function stopOnSignals(logger: Logger, stop: () => Promise<void>): void {
  let firstMs: number | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      const nowMs = performance.now();
      if (firstMs !== undefined) {
        if (nowMs - firstMs > repeatedSignalMs) process.exit(1);
        return;
      }
      firstMs = nowMs;
      logger.info({ signal }, 'stopping');
      setTimeout(() => {
        logger.warn({}, 'stopped with connections still open');
        process.exit(0);
      }, stopWithinMs);
      // A failure to stop in good order goes to the handler of uncaught exceptions: it is a bug.
      void stop().then(() => {
        logger.info({}, 'stopped');
        process.exit(0);
      });
    });
  }
}
