/** The configuration cannot be used. The message is one line for the person who wrote it: the key, the value, what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';

  constructor(problem: string, options: { cause?: unknown } = {}) {
    super(`config: ${problem}`, options.cause === undefined ? undefined : { cause: options.cause });
  }
}
