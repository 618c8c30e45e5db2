import type { Logger } from '../log/index.js';
import type { AppRecording } from './app-recording.js';
import { type App, findHandlers } from './define-app.js';

/** Tells the application of a stream that a recording of it is complete. Never throws. */
export function tellRecorded(app: App, recording: AppRecording, log: Logger): void {
  const failed = (err: unknown): void => {
    log.error({ err, handler: 'onRecord' }, 'a handler of the application failed');
  };
  try {
    const outcome = findHandlers(app, recording.app)?.onRecord?.(recording);
    if (outcome instanceof Promise) outcome.catch(failed);
  } catch (err) {
    failed(err);
  }
}
