import { afterEach, beforeEach, vi } from 'vitest';

export interface CapturedOutput {
  readonly out: string;
  readonly err: string;
  clear(): void;
}

/** What the process writes during a test, which does not get out; the exit code is put back after it. */
export function captureOutput(): CapturedOutput {
  const written = {
    out: '',
    err: '',
    clear() {
      written.out = '';
      written.err = '';
    },
  };
  let before: typeof process.exitCode;
  beforeEach(() => {
    written.clear();
    before = process.exitCode;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.err += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = before;
  });
  return written;
}
