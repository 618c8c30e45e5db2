import { createRequire } from 'node:module';

/** The package's version, as npm knows it. */
export const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
