import type { AppSharedObject } from '../shared-object/index.js';
import { AppError } from './app-error.js';
import type { App } from './define-app.js';

/** The server as its applications see it. */
export interface AppServer {
  /** The folder of recordings and other media, `media.dir` of the configuration: an absolute path. */
  readonly mediaDir: string;
  /**
   * A shared object of an application instance, such as `chat/room1`, which is made if it does not exist.
   * `persistent` (default `false`): it outlives the server.
   *
   * Rejects with `SharedObjectError`: it is in use with the other persistence, its name or the number of objects is not
   * possible, or it cannot be loaded.
   */
  sharedObject(app: string, name: string, options?: { readonly persistent?: boolean }): Promise<AppSharedObject>;
}

/** Tells the applications that they begin, one after another. @throws AppError where one of them fails. */
export async function startApp({ byName, anyName }: App, server: AppServer): Promise<void> {
  for (const handlers of [...byName.values(), ...(anyName === undefined ? [] : [anyName])]) {
    try {
      await handlers.onAppStart?.(server);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError(`onAppStart of the application failed: ${reason}`, { cause });
    }
  }
}
