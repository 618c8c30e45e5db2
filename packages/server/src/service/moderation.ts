import type { AmfValue, Danmu, ServiceHeader } from '@millrace/protocol';

/** A message that somebody may have a say about before it is sent to a room. */
export interface ModeratedMessage {
  readonly header: ServiceHeader;
  readonly content: AmfValue;
  /** What the content says; of other service types than danmu `undefined`. */
  readonly danmu: Danmu | undefined;
}

/** `undefined`: it is sent as it is. */
export type ModerationVerdict =
  /** Not sent. The reason is told to its sender. */
  | { readonly refused: string }
  /** Sent with another content. */
  | { readonly content: AmfValue }
  | undefined;

/** Never throws or rejects. */
export type Moderate = (message: ModeratedMessage) => ModerationVerdict | Promise<ModerationVerdict>;
