import { existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { outputTo } from './create-logger.js';
import { createLogger, type LogOptions } from './index.js';

function recorder() {
  const lines: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, output };
}

function logged(options: Omit<LogOptions, 'output'>): string[] {
  const { lines, output } = recorder();
  const logger = createLogger({ ...options, output });
  logger.debug({ detail: 1 }, 'a detail');
  logger.info({ path: '/live/test' }, 'published');
  logger.error({ err: new TypeError('broken') }, 'a bug');
  return lines;
}

describe('createLogger', () => {
  it.runIf(existsSync('/dev/full'))('goes on where its lines cannot be written', () => {
    for (const format of ['json', 'pretty'] as const) {
      const output = outputTo('/dev/full');
      const logger = createLogger({ level: 'info', format, output });
      for (let i = 0; i < 10; i += 1) logger.info({}, 'x'.repeat(300_000));
      expect(output.destroyed).toBe(false);
    }
  });

  it('writes one JSON object a line, with level as a word', () => {
    const [published, bug, ...rest] = logged({ level: 'info', format: 'json' }).map((line) => JSON.parse(line));
    expect(published).toEqual({ level: 'info', time: expect.any(Number), path: '/live/test', msg: 'published' });
    expect(bug).toMatchObject({ level: 'error', msg: 'a bug', err: { type: 'TypeError', message: 'broken' } });
    expect(bug.err.stack).toContain('log.test.ts');
    expect(rest).toEqual([]);
  });

  it('writes lines for people', () => {
    const lines = logged({ level: 'debug', format: 'pretty' });
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] DEBUG: a detail \{"detail":1\}\n$/);
    expect(lines[1]).toContain('published {"path":"/live/test"}');
    expect(lines[2]).toContain('TypeError: broken');
  });

  it('adds the fields of a child to its messages', () => {
    const { lines, output } = recorder();
    createLogger({ level: 'info', format: 'json', output }).child({ connection: 7 }).info({ name: 'a' }, 'child');
    expect(JSON.parse(lines.join(''))).toMatchObject({ connection: 7, name: 'a', msg: 'child' });
  });

  it('says nothing when silent', () => {
    expect(logged({ level: 'silent', format: 'json' })).toEqual([]);
  });
});
