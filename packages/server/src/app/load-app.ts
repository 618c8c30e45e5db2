import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from './app-error.js';
import { type App, toApp } from './define-app.js';

/**
 * Loads the application in `file`, relative to the working folder: its default export.
 * @throws AppError with one line: the file is missing, does not load, or holds no application.
 */
export async function loadApp(file: string): Promise<App> {
  const path = resolve(file);
  const what = `cannot load ${path} (app.file)`;
  if (!existsSync(path)) throw new AppError(`${what}: there is no such file`);
  resolveOwnName();
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new AppError(`${what}: ${explainLoadError(error, path)}`, { cause: error });
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

/** One line of what went wrong, and where. */
export function explainLoadError(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `it throws ${JSON.stringify(error) ?? String(error)}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(path)) {
    return `TypeScript needs Node 22.18 or newer (this is ${process.versions.node}); or build it to JavaScript first`;
  }
  const [message = ''] = error.message.split('\n', 1);
  const line = lineOf(error.stack, path) ?? (error instanceof SyntaxError ? syntaxErrorLine(path) : undefined);
  return `${error.name}: ${message}${line === undefined ? '' : ` (line ${line})`}`;
}

/** Node keeps the place of a syntax error in a module to itself, but not where it only checks the file. */
function syntaxErrorLine(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: 5000 });
  return lineOf(stderr, path);
}

/** The line in the application's file that `stack` names first. */
function lineOf(stack: string | null | undefined, path: string): string | undefined {
  if (typeof stack !== 'string') return undefined;
  const start = stack.indexOf(`${basename(path)}:`);
  return start < 0 ? undefined : /^\d+/.exec(stack.slice(start + basename(path).length + 1))?.[0];
}

let resolvesOwnName = false;

/**
 * `import … from 'millrace'` finds this very package from any folder, also where millrace is installed globally and the
 * application's folder has no node_modules.
 */
function resolveOwnName(): void {
  // From its sources the package is run by the tests, which resolve it themselves.
  if (resolvesOwnName || import.meta.url.endsWith('.ts')) return;
  resolvesOwnName = true;
  const own = new URL('../index.js', import.meta.url).href;
  const hook = `export async function resolve(specifier, context, next) {
    return specifier === 'millrace' ? { url: ${JSON.stringify(own)}, shortCircuit: true } : next(specifier, context);
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
