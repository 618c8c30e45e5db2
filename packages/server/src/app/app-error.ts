/** An application cannot be used. The message is one line for the person who wrote it. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code = 'ERR_APP';
}
