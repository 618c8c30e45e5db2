/** What the server keeps on disk cannot be used. The message is one line that says what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code = 'ERR_STATE';
}
