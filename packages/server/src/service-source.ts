import type { StoredDanmu } from '@millrace/protocol';
import type { ServiceSource } from './http/index.js';
import type { KeptDanmu, ServiceRooms } from './service/index.js';

/** The services as HTTP needs them. */
export function serviceSource(rooms: ServiceRooms): ServiceSource {
  return {
    snapshot: () => rooms.snapshot(),
    danmu(app, name) {
      const kept = rooms.danmu({ app, name });
      return kept?.map((one) => withTime(one, kept[0] ?? one));
    },
  };
}

/** Where nothing was published, time counts from the oldest danmu that is kept. */
function withTime({ mediaTimeMs, receivedAtMs, header, danmu }: KeptDanmu, oldest: KeptDanmu): StoredDanmu {
  const sinceOldestMs = Math.max(0, receivedAtMs - oldest.receivedAtMs);
  return { mediaTimeMs: mediaTimeMs ?? sinceOldestMs, receivedAtMs, header, danmu };
}
