import { type Danmu, formatDanmu } from '@millrace/protocol';
import type { ServerMessage } from '../service/index.js';
import type { AppBroadcast, AppService, AppStream } from './app-client.js';

/** A service as the application sees it. */
export function appService({ name, query }: AppStream, broadcast: (message: ServerMessage) => void): AppService {
  return {
    name,
    query,
    broadcast: (message: AppBroadcast) => broadcast(message),
    sendDanmu(danmu) {
      const whole: Danmu = {
        userId: '',
        userLevel: '',
        deviceType: 0,
        roomId: name,
        timeStampMs: Date.now(),
        danmuType: 0,
        ...danmu,
      };
      broadcast({ content: formatDanmu(whole, ownLimits) });
    },
  };
}

/** What the application itself says may be longer than what its clients say. */
const ownLimits = { maxContentLength: 10_000 };
