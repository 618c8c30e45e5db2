import { describe, expect, it } from 'vitest';
import { stripTypes } from './strip-types.js';

describe('stripTypes', () => {
  it('leaves blanks for types, so that nothing moves', () => {
    expect(stripTypes('interface A {\n  b: string;\n}\nexport const c: number = 1 as number;', 'file:///a.ts')).toMatch(
      /^\s{13,}\n\s+\n\s+\nexport const c {9}= 1 {10};$/,
    );
  });

  it.each([
    ['let a: number;\nenum B { C }', 2, 'TypeScript enum is not supported in strip-only mode'],
    [
      'class A {\n  constructor(\n    private b: string,\n  ) {}\n}',
      3,
      'TypeScript parameter property is not supported',
    ],
    ['\n\nlet a: = 1;', 3, 'Unexpected token'],
  ])('names the line of what it cannot take: %j', (source, line, message) => {
    let error: unknown;
    try {
      stripTypes(source, 'file:///folder/app.ts');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SyntaxError);
    expect((error as SyntaxError).message).toContain(message);
    expect((error as SyntaxError).stack).toMatch(new RegExp(`^file:///folder/app.ts:${line}\n`));
  });
});
