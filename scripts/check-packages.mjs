// `npm run check:packages`: whether what would be published works for those who install it: exports and types
// (publint, attw), no unused or undeclared dependencies (knip), only the intended files in the tarballs, and the
// command running from an installed tarball. Every check runs, each with one line.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** The published packages, in dependency order, with files that users rely on. */
const packages = [
  { folder: 'packages/protocol', name: '@millrace/protocol', files: ['dist/index.js', 'dist/index.d.ts'] },
  { folder: 'packages/client', name: '@millrace/client', files: ['dist/index.js', 'dist/index.d.ts'] },
  {
    folder: 'packages/server',
    name: 'millrace',
    files: ['bin/millrace.js', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'dist/console/index.html'],
  },
];

const temporary = mkdtempSync(join(tmpdir(), 'millrace-packages-'));
let failed = 0;

function run(command, args, cwd = root) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`.trim());
  return done.stdout;
}

/** The file behind a package's command. */
function commandFile(packageName, command) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

function check(title, body) {
  try {
    const note = body();
    console.log(`ok      ${title}${note ? ` (${note})` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n${error.message.replace(/^/gm, '        ')}`);
  }
}

/** Packs a package and returns the tarball and the paths inside it. */
function pack({ folder }) {
  const output = run('npm', ['pack', '--json', '--pack-destination', temporary], join(root, folder));
  const [packed] = Object.values(JSON.parse(output));
  return { tarball: join(temporary, packed.filename), paths: packed.files.map((file) => file.path), size: packed.size };
}

const unwanted = [
  { pattern: /\.test\.|\.vectors\.|\/test\//, why: 'a test' },
  { pattern: /\.tsbuildinfo$/, why: 'build state' },
  { pattern: /(^|\/)src\//, why: 'a source file' },
  { pattern: /\.map$/, why: 'a source map without its source' },
  { pattern: /(^|\/)(node_modules|media|state)\//, why: 'a local folder' },
];

function checkContents(entry, packed) {
  const missing = ['package.json', 'LICENSE', 'README.md', ...entry.files].filter(
    (file) => !packed.paths.includes(file),
  );
  const wrong = packed.paths.flatMap((path) =>
    unwanted.filter(({ pattern }) => pattern.test(path)).map(({ why }) => `contains ${path}: ${why}`),
  );
  const problems = [...missing.map((file) => `does not contain ${file}`), ...wrong];
  if (problems.length) throw new Error(problems.join('\n'));
  return `${packed.paths.length} files, ${Math.ceil(packed.size / 1024)} KiB packed`;
}

const tarballs = new Map();
for (const entry of packages) {
  const publint = commandFile('publint', 'publint');
  check(`publint ${entry.name}`, () => void run(process.execPath, [publint, '--strict', entry.folder]));
  check(`contents of ${entry.name}`, () => {
    const packed = pack(entry);
    tarballs.set(entry.name, packed.tarball);
    return checkContents(entry, packed);
  });
  const attw = commandFile('@arethetypeswrong/cli', 'attw');
  check(`types of ${entry.name}`, () => {
    const tarball = tarballs.get(entry.name);
    if (!tarball) throw new Error('there is no tarball');
    run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
  });
}

check('unused files, exports and dependencies (knip)', () => {
  run(process.execPath, [commandFile('knip', 'knip'), '--no-progress', '--no-config-hints']);
});

check('the installed tarballs: millrace --version, and every entry imports', () => {
  if (tarballs.size !== packages.length) throw new Error('not every package could be packed');
  const folder = join(temporary, 'installed');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'trial', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs.values()], folder);
  const version = run(join(folder, 'node_modules/.bin/millrace'), ['--version'], folder).trim();
  const expected = require('../packages/server/package.json').version;
  if (!version.includes(expected)) throw new Error(`it says "${version}", not ${expected}`);
  const imports = packages.map(({ name }) => `await import('${name}');`).join(' ');
  run(process.execPath, ['--input-type=module', '-e', imports], folder);
  return version;
});

rmSync(temporary, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
