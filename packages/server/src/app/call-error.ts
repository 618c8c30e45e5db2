import type { AmfValue } from '@millrace/protocol';

export type CallErrorCode =
  /** The client answered with `_error`. */
  | 'ERR_CALL_REFUSED'
  | 'ERR_CALL_TIMEOUT'
  /** The client went before it answered, or had gone before it was called. */
  | 'ERR_CALL_CLOSED'
  /** `onConnect` has not accepted the client yet: it takes no calls. */
  | 'ERR_CALL_NOT_CONNECTED'
  /** The client came over HTTP, where nobody can call it. */
  | 'ERR_CALL_UNSUPPORTED';

/** Why `client.call` has no result. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: CallErrorCode;
  /** What the client sent with its refusal: usually an information object. */
  readonly value: AmfValue;

  constructor(code: CallErrorCode, message: string, value?: AmfValue) {
    super(message);
    this.code = code;
    this.value = value;
  }
}
