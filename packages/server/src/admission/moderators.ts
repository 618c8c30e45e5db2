import { type Danmu, formatDanmu } from '@millrace/protocol';
import type { DanmuVerdict } from '../access/index.js';
import type { Moderate, ModeratedMessage, ModerationVerdict } from '../service/index.js';

type ModerateDanmu = (danmu: Danmu) => DanmuVerdict | Promise<DanmuVerdict>;

/** Everybody who has a say about a message: guards about danmu, then the application. `undefined`: nobody. */
export function inTurn(guards: readonly ModerateDanmu[], app: Moderate | undefined): Moderate | undefined {
  if (guards.length === 0) return app;
  return (message) => (message.danmu === undefined ? app?.(message) : ask(message, message.danmu, guards, app));
}

async function ask(
  message: ModeratedMessage,
  danmu: Danmu,
  guards: readonly ModerateDanmu[],
  app: Moderate | undefined,
): Promise<ModerationVerdict> {
  let current = { ...message, danmu };
  try {
    for (const guard of guards) {
      const verdict = await guard(current.danmu);
      if (verdict === undefined) continue;
      if ('refused' in verdict) return verdict;
      const changed = { ...current.danmu, content: verdict.content };
      current = { ...current, danmu: changed, content: formatDanmu(changed, limits) };
    }
  } catch {
    // The text of a guard holds what no danmu may.
    return { refused: 'The message cannot be sent as it was changed.' };
  }
  const verdict = await app?.(current);
  return verdict === undefined && current.danmu !== danmu ? { content: current.content } : verdict;
}

/** Who changes a text may write more than its sender could. */
const limits = { maxContentLength: 10_000 };
