/**
 * The peer sent something that its protocol does not allow, or more than a limit permits. The connection it came from
 * is to be closed; nothing else is affected. `code` is stable (`ERR_RTMP_CHUNK_…`, `ERR_AMF0_…`); `offset` is the byte
 * offset within the input being decoded, where there is one.
 */
export class RtmpRemoteError extends Error {
  override readonly name = 'RtmpRemoteError';
  readonly code: string;
  readonly offset: number | undefined;

  constructor(code: string, message: string, options: { offset?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.offset = options.offset;
  }
}

/** This side used the library wrongly: a value that cannot be encoded, a call in the wrong state. A bug, not a peer's fault. */
export class RtmpUsageError extends Error {
  override readonly name = 'RtmpUsageError';
  readonly code: string;

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
