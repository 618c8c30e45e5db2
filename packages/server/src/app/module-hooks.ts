import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { stripTypes } from './strip-types.js';

// Node runs these in a thread of their own, for every module that is imported after load-app.ts has registered them.

/** What load-app.ts tells this thread. */
export interface ModuleHooksData {
  /** Where this package is. */
  readonly ownUrl: string;
  /** Whether this Node cannot load TypeScript itself. */
  readonly stripsTypes: boolean;
}

let data: ModuleHooksData | undefined;

export function initialize(received: ModuleHooksData): void {
  data = received;
}

/**
 * `import … from 'millrace'` finds this very package from any folder, also where millrace is installed globally and the
 * application's folder has no node_modules.
 */
export const resolve: ResolveHook = (specifier, context, next) =>
  specifier === 'millrace' && data !== undefined ? { url: data.ownUrl, shortCircuit: true } : next(specifier, context);

/** TypeScript for a Node that does not know it. As in those that do, nothing below node_modules is touched. */
export const load: LoadHook = async (url, context, next) => {
  if (data?.stripsTypes !== true || !/^file:.*\.m?ts$/.test(url) || url.includes('/node_modules/')) {
    return next(url, context);
  }
  const source = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', source: stripTypes(source, url), shortCircuit: true };
};
