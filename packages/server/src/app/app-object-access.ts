import type { AmfValue } from '@millrace/protocol';
import type { Logger } from '../log/index.js';
import type { AccessVerdict, ObjectName, SharedObjectAccess, SharedObjectWish } from '../shared-object/index.js';
import type { ConnectedClient } from './connected-client.js';
import type { AppHandlers } from './define-app.js';
import { isRefusal } from './refusal.js';
import { timedOut, withTimeLimit } from './time-limit.js';

/** A shared object as a client names it. */
export interface AppObjectName {
  /** Within the application that the client is connected to: `client.app`. */
  readonly name: string;
  readonly persistent: boolean;
}

/** What a client wants to do with a shared object. The values are whatever the client sent. */
export type AppObjectChange =
  | { readonly type: 'set'; readonly name: string; readonly value: AmfValue }
  | { readonly type: 'delete'; readonly name: string }
  | { readonly type: 'clear' }
  /** It calls a method of all who use the object. */
  | { readonly type: 'send'; readonly name: string; readonly args: readonly AmfValue[] };

interface AccessOptions {
  readonly handlers: AppHandlers;
  readonly client: ConnectedClient;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** The application's say about what a client does with shared objects. */
export function appObjectAccess({ handlers, client, timeoutMs, log }: AccessOptions): SharedObjectAccess {
  const failed = (handler: string, err: unknown, code: string): string => {
    if (isRefusal(err)) {
      log.info({ handler, reason: err.message.slice(0, maxLoggedText) }, 'refused by the application');
      return err.code ?? code;
    }
    log.error({ err, handler }, 'a handler of the application failed');
    return code;
  };
  const decide = async (handler: string, work: Promise<unknown>, code: string): Promise<AccessVerdict> => {
    try {
      if ((await withTimeLimit(work, timeoutMs)) !== timedOut) return undefined;
    } catch (err) {
      return failed(handler, err, code);
    }
    log.warn({ handler, timeoutMs }, 'a handler took longer than app.timeoutMs');
    return code;
  };
  const ask = (handler: string, code: string, run: () => unknown): AccessVerdict | Promise<AccessVerdict> => {
    try {
      const outcome = run();
      return outcome instanceof Promise ? decide(handler, outcome, code) : undefined;
    } catch (err) {
      return failed(handler, err, code);
    }
  };
  return {
    mayUse: ({ name, persistent }: ObjectName) =>
      ask('onSharedObject', 'SharedObject.NoReadAccess', () => handlers.onSharedObject?.(client, { name, persistent })),
    mayChange: ({ name, persistent }: ObjectName, wishes: readonly SharedObjectWish[]) =>
      handlers.onSharedObjectChange === undefined
        ? undefined
        : ask('onSharedObjectChange', 'SharedObject.NoWriteAccess', () =>
            handlers.onSharedObjectChange?.(client, { name, persistent }, wishes.map(changeOf)),
          ),
  };
}

function changeOf(wish: SharedObjectWish): AppObjectChange {
  switch (wish.type) {
    case 'requestChange':
      return { type: 'set', name: wish.name, value: wish.value };
    case 'requestRemove':
      return { type: 'delete', name: wish.name };
    case 'requestClear':
      return { type: 'clear' };
    case 'sendMessage':
      return { type: 'send', name: wish.name, args: wish.args };
    default:
      return wish satisfies never;
  }
}

/** What applications say can be of any length; a log line has room for this. */
const maxLoggedText = 200;
