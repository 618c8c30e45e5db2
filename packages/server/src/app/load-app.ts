import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from './app-error.js';
import { type App, toApp } from './define-app.js';
import type { ModuleHooksData } from './module-hooks.js';

/**
 * Loads the application in `file`, relative to the working folder: its default export.
 * @throws AppError with one line: the file is missing, does not load, or holds no application.
 */
export async function loadApp(file: string): Promise<App> {
  const path = resolve(file);
  const what = `cannot load ${path} (app.file)`;
  if (!existsSync(path)) throw new AppError(`${what}: there is no such file`);
  registerHooks();
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new AppError(`${what}: ${await explainLoadError(error, path)}`, { cause: error });
  }
  if (module.default === undefined) {
    throw new AppError(`${what}: it has no default export; write: export default defineApp({ … })`);
  }
  try {
    return toApp(module.default);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(`${what}: ${error.message}`, { cause: error });
  }
}

const typeScript = /\.[cm]?ts$/;

/** One line of what went wrong, and where. */
export async function explainLoadError(error: unknown, path: string): Promise<string> {
  if (!(error instanceof Error)) return `it throws ${JSON.stringify(error) ?? String(error)}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && typeScript.test(path)) {
    return 'TypeScript is taken from .ts and .mts files, and not from packages in node_modules';
  }
  const [message = ''] = error.message.split('\n', 1);
  const line = lineOf(error.stack, path) ?? (error instanceof SyntaxError ? await syntaxErrorLine(path) : undefined);
  return `${error.name}: ${message}${line === undefined ? '' : ` (line ${line})`}`;
}

/** Node keeps the place of a syntax error in a module to itself, but not where it only checks the file. */
async function syntaxErrorLine(path: string): Promise<string | undefined> {
  const options = { encoding: 'utf8', timeout: 5000 } as const;
  if (!typeScript.test(path)) return lineOf(spawnSync(process.execPath, ['--check', path], options).stderr, path);
  const { stripTypes } = await import('./strip-types.js');
  const input = stripTypes(readFileSync(path, 'utf8'), path);
  const { stderr } = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], { ...options, input });
  return lineOf(stderr, '[stdin]');
}

/** The line in the application's file that `stack` names first. */
function lineOf(stack: string | null | undefined, path: string): string | undefined {
  if (typeof stack !== 'string') return undefined;
  const start = stack.indexOf(`${basename(path)}:`);
  return start < 0 ? undefined : /^\d+/.exec(stack.slice(start + basename(path).length + 1))?.[0];
}

let registered = false;

/** Once for the process: it concerns all modules that are imported from then on. */
function registerHooks(): void {
  // From its sources the package is run by the tests, which do both of it themselves.
  if (registered || import.meta.url.endsWith('.ts')) return;
  registered = true;
  const data: ModuleHooksData = {
    ownUrl: new URL('../index.js', import.meta.url).href,
    stripsTypes: !('typescript' in process.features && process.features.typescript),
  };
  register('./module-hooks.js', import.meta.url, { data });
}
