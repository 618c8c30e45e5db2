import { formatDanmu } from '@millrace/protocol';
import type { Logger } from '../log/index.js';
import type { Moderate, ModeratedMessage, ModerationVerdict } from '../service/index.js';
import type { AppService } from './app-client.js';
import type { ConnectedClient } from './connected-client.js';
import type { AppHandlers } from './define-app.js';
import { isRefusal } from './refusal.js';
import { timedOut, withTimeLimit } from './time-limit.js';

interface Moderator {
  readonly handlers: AppHandlers;
  readonly client: ConnectedClient;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** Shows what a client sends to a service to the application; `undefined`: that has no handler for it. */
export function moderate({ handlers, client, timeoutMs, log }: Moderator, service: AppService): Moderate | undefined {
  const { onDanmu, onServiceMessage } = handlers;
  if (onDanmu === undefined && onServiceMessage === undefined) return undefined;
  const run = (message: ModeratedMessage): unknown => {
    const { header, content, danmu } = message;
    if (danmu === undefined) return onServiceMessage?.call(handlers, client, service, { header, content });
    return onDanmu?.call(handlers, client, service, { ...danmu, header });
  };
  const failed = (err: unknown): ModerationVerdict => {
    if (isRefusal(err)) return { refused: err.message };
    log.error({ err }, 'a handler of the application failed');
    return { refused: 'The application failed.' };
  };
  const decide = async (message: ModeratedMessage, work: Promise<unknown>): Promise<ModerationVerdict> => {
    try {
      const result = await withTimeLimit(work, timeoutMs);
      if (result !== timedOut) return verdictOf(message, result);
    } catch (err) {
      return failed(err);
    }
    log.warn({ timeoutMs }, 'a handler took longer than app.timeoutMs');
    return { refused: 'The application did not decide in time.' };
  };
  return (message) => {
    try {
      const result = run(message);
      return result instanceof Promise ? decide(message, result) : verdictOf(message, result);
    } catch (err) {
      return failed(err);
    }
  };
}

/** @throws RtmpUsageError where the changed danmu is none. */
function verdictOf({ danmu }: ModeratedMessage, result: unknown): ModerationVerdict {
  if (result === undefined) return undefined;
  // What a handler returns is not checked further: a value that AMF cannot carry is refused when it is encoded.
  if (danmu === undefined) return { content: result as Extract<ModerationVerdict, { content: unknown }>['content'] };
  const changed = typeof result === 'string' ? { content: result } : Object(result);
  return { content: formatDanmu({ ...danmu, ...changed }, ownLimits) };
}

/** The application may write more than its clients. */
const ownLimits = { maxContentLength: 10_000 };
