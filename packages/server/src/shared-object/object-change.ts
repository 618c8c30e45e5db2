import type { EventData } from './slot-data.js';

export type ObjectChange =
  | { readonly type: 'set'; readonly name: string; readonly data: EventData }
  | { readonly type: 'delete'; readonly name: string }
  | { readonly type: 'clear' };

/** Changes that belong together, as they are stored. */
export interface StoredChange {
  /** Of the object, with these changes. */
  readonly version: number;
  /** Deletions up to this version are not remembered. */
  readonly horizon: number;
  readonly changes: readonly ObjectChange[];
}
