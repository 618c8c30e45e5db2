import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  imports: Record<string, Record<'browser' | 'default', Record<string, string>>>;
};

/** Everything outside of this package that the entry imports, directly or not, under a condition of `imports`. */
function importsOf(condition: 'browser' | 'default'): Set<string> {
  const outside = new Set<string>();
  const files = [join(root, 'src/index.ts')];
  for (const file of files) {
    for (const { fileName: specifier } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
      const mapped = imports[specifier]?.[condition]?.['@millrace/source'];
      const path = specifier.startsWith('.')
        ? join(dirname(file), specifier.replace(/\.js$/, '.ts'))
        : mapped && join(root, mapped);
      if (path === undefined) outside.add(specifier);
      else if (!files.includes(path)) files.push(path);
    }
  }
  return outside;
}

it('imports nothing of Node in a browser', () => {
  expect([...importsOf('browser')]).toEqual(['@millrace/protocol']);
  const inNode = [
    '@millrace/protocol',
    'node:crypto',
    'node:http',
    'node:https',
    'node:net',
    'node:tls',
    'node:zlib',
    'ws',
  ];
  expect([...importsOf('default')].sort()).toEqual(inNode);
});
