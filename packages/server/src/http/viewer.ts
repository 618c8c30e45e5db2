/** One viewer of a stream, over HTTP or WebSocket, as the server sees it when it stops. */
export interface Viewer {
  /** Its bytes are to be framed as chunks of an HTTP/1.1 body. */
  readonly chunked: boolean;
  /** Sends what is pending, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** How long an ended viewer has to take what is pending before its connection is cut, ms. A stalled one never takes it. */
export const lingerMs = 5000;
