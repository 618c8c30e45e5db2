import type { StatusInfo } from '@millrace/protocol';

/** The server refused a command. The connection goes on, unless the command was `connect`. */
export class RtmpCommandError extends Error {
  override readonly name = 'RtmpCommandError';
  /** The server's code, such as `NetStream.Publish.BadName`; `''` where it gave none. */
  readonly code: string;
  /** What the server sent. */
  readonly status: StatusInfo;

  constructor(command: string, status: StatusInfo) {
    const reason = [status.code, status.description].filter((text) => text !== '').join(': ');
    super(`${command} was refused${reason === '' ? '' : `: ${reason}`}`);
    this.code = status.code;
    this.status = status;
  }
}

/**
 * There is no connection, or no longer one. `ERR_RTMP_CONNECT_FAILED`: it did not come about; `ERR_RTMP_CONNECTION_LOST`:
 * it broke, or a side broke the protocol; `ERR_RTMP_CONNECTION_CLOSED`: one of the sides closed it in an orderly way.
 * `cause` holds the reason where there is one: a system error, or an `RtmpRemoteError`.
 */
export class RtmpConnectionError extends Error {
  override readonly name = 'RtmpConnectionError';
  readonly code: 'ERR_RTMP_CONNECT_FAILED' | 'ERR_RTMP_CONNECTION_LOST' | 'ERR_RTMP_CONNECTION_CLOSED';

  constructor(code: RtmpConnectionError['code'], message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
