import type { AmfValue, StatusInfo, UserControlEvent } from '@millrace/protocol';
import type { PlayStatus } from './play-status.js';

/** What a stream gives those who read it. */
export type NetStreamEvent =
  /** An FLV tag body; times are milliseconds, 0 … 2³²−1, wrapping. */
  | { readonly type: 'audio' | 'video'; readonly timestamp: number; readonly payload: Uint8Array }
  /** `values` are `undefined` where the body is not valid AMF. */
  | {
      readonly type: 'data';
      readonly timestamp: number;
      readonly payload: Uint8Array;
      readonly values: readonly AmfValue[] | undefined;
    }
  | { readonly type: 'status'; readonly status: StatusInfo }
  /** What `onPlayStatus` says, which comes as `data` right before, for those who pass that on. */
  | { readonly type: 'playStatus'; readonly status: PlayStatus }
  /** Stream Begin, Stream EOF and their like. */
  | { readonly type: 'userControl'; readonly event: UserControlEvent };
