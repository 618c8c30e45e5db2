// Builds every package: the TypeScript projects in dependency order, then the console's page into the server's dist.
// Both steps do nothing when nothing changed, so `npm start` and `npm test` can always call this first.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(join(root, 'package.json'));

/** The file behind a package's command, so that no shell and no PATH are needed. */
function commandFile(packageName, command, from = root) {
  const manifestPath = createRequire(join(from, 'package.json')).resolve(`${packageName}/package.json`);
  const bin = require(manifestPath).bin;
  return join(dirname(manifestPath), typeof bin === 'string' ? bin : bin[command]);
}

/** Runs a step; its output is shown only when it fails, so that what the server prints stands alone. */
function run(title, args, cwd = root) {
  const done = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (done.status === 0) return;
  process.stderr.write(`${title} failed:\n${done.stdout}${done.stderr}${done.error ? `${done.error.message}\n` : ''}`);
  process.exit(1);
}

function newestChange(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path)
    .filter((name) => name !== 'node_modules' && name !== 'dist')
    .reduce((newest, name) => Math.max(newest, newestChange(join(path, name))), 0);
}

if (!existsSync(join(root, 'node_modules'))) {
  process.stderr.write('Run "npm ci" first: the dependencies are not installed.\n');
  process.exit(1);
}

const page = join(root, 'packages/server/dist/console/index.html');
if (!existsSync(page)) process.stderr.write('Building millrace (once; a few seconds)…\n');

run('Compiling', [commandFile('typescript', 'tsc'), '-b']);

const consoleFolder = join(root, 'packages/console');
if (!existsSync(page) || statSync(page).mtimeMs < newestChange(consoleFolder)) {
  run(
    'Building the console',
    [commandFile('vite', 'vite', consoleFolder), 'build', '--logLevel', 'warn'],
    consoleFolder,
  );
}
