import type { StoredDanmu } from '@millrace/protocol';
import type { ServiceInfo } from './api-types.js';

/** What the HTTP server needs of the services. */
export interface ServiceSource {
  /** The services that there are now. */
  snapshot(): ServiceInfo[];
  /** The last danmu of a service, oldest first; `undefined`: there is no such service. */
  danmu(app: string, name: string): readonly StoredDanmu[] | undefined;
}
