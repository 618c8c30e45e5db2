import type { AmfValue } from '@millrace/protocol';
import type { ObjectName } from './shared-object-encoding.js';

/** The code of the status that refuses it; `undefined`: granted. */
export type AccessVerdict = string | undefined;

/** What clients ask for, as it stands in their messages. */
export type SharedObjectWish =
  | { readonly type: 'requestChange'; readonly name: string; readonly value: AmfValue }
  | { readonly type: 'requestRemove'; readonly name: string }
  | { readonly type: 'requestClear' }
  | { readonly type: 'sendMessage'; readonly name: string; readonly args: readonly AmfValue[] };

/** Who has a say about what one client does with shared objects. Never throws or rejects. */
export interface SharedObjectAccess {
  mayUse(object: ObjectName): AccessVerdict | Promise<AccessVerdict>;
  /** `wishes`: those of one message. They are granted or refused together. */
  mayChange(object: ObjectName, wishes: readonly SharedObjectWish[]): AccessVerdict | Promise<AccessVerdict>;
}
