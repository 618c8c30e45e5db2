import { Writable } from 'node:stream';
import { destination, pino, stdTimeFunctions } from 'pino';
import { build as prettyPrinter } from 'pino-pretty';
import type { Logger } from './logger.js';

/** What is kept while it cannot be written, bytes. */
const maxKeptBytes = 1024 * 1024;

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json`: one object a line with `level` (a word), `time` (unix ms) and `msg`. */
  readonly format: 'pretty' | 'json';
  /** Colours in `pretty`. */
  readonly colors?: boolean;
  /** Where lines go instead of standard output. */
  readonly output?: Writable;
}

/**
 * Writes are synchronous, in this thread: log lines are few, and the last one before an exit must not be lost.
 */
export function createLogger(options: LogOptions): Logger {
  const output = options.output ?? outputTo(1);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.epochTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.format === 'json'
      ? output
      : prettyPrinter({
          destination: output,
          sync: true,
          colorize: options.colors ?? false,
          singleLine: true,
          translateTime: 'SYS:HH:MM:ss.l',
        }),
  );
}

/** Lines that cannot be written are kept, and lost when they become too many: a full disk does not end the server. */
export function outputTo(file: number | string): Writable {
  const lines = destination({ dest: file, sync: true, maxLength: maxKeptBytes });
  lines.on('error', () => undefined);
  return new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      lines.write(String(line));
      done();
    },
  });
}
