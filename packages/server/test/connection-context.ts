import { SwfRules } from '../src/access/index.js';
import { Admissions } from '../src/admission/index.js';
import type { Config } from '../src/config/index.js';
import { type ConnectionContext, handshakeCrypto } from '../src/connection/index.js';
import { LiveStreams } from '../src/live/index.js';
import { silentLogger } from '../src/log/index.js';
import { ServiceRooms } from '../src/service/index.js';
import { SharedObjects } from '../src/shared-object/index.js';
import { VodPlayback } from '../src/vod/index.js';

/** What a connection needs of its server, where there are no windows, applications and recordings. */
export function connectionContext(config: Config, now: () => number): ConnectionContext {
  return {
    config,
    streams: new LiveStreams({
      ...config.live,
      ...config.publish,
      stallTimeoutMs: config.limits.stallTimeoutMs,
      now,
    }),
    vod: new VodPlayback({ mediaDir: config.media.dir, now }),
    windows: { find: () => undefined },
    recordings: {
      record: () => ({ write: () => undefined, end: () => undefined }),
      recordFor: () => {
        throw new Error('nobody asks for it');
      },
    },
    services: new ServiceRooms({ config, now, mediaTimeMs: () => undefined }),
    sharedObjects: new SharedObjects({ config, now, log: silentLogger }),
    crypto: handshakeCrypto,
    swf: new SwfRules(config.access),
    admissions: new Admissions({ config, guards: [], app: undefined, broadcast: () => undefined }),
    transports: [],
    now,
  };
}
