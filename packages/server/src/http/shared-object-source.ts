import type { AmfValue } from '@millrace/protocol';
import type { SharedObjectInfo } from './api-types.js';

/** What the HTTP server needs of the shared objects. */
export interface SharedObjectSource {
  /** The objects that somebody uses now. */
  snapshot(): SharedObjectInfo[];
  /** One of these; `undefined`: nobody uses such an object. */
  read(app: string, name: string): SharedObjectRead | undefined;
}

export interface SharedObjectRead {
  readonly info: SharedObjectInfo;
  /** To be gone through at once. Each value is decoded when its turn comes. */
  readonly slots: Iterable<SlotRead>;
}

export interface SlotRead {
  readonly name: string;
  readonly version: number;
  readonly value: AmfValue;
}
