import type { App } from '../app/index.js';

/** The application of clients that name none: the only one where it is for one name alone, else the one for all names. */
export function defaultAppName(app: App | undefined): string {
  const names = [...(app?.byName.keys() ?? [])];
  return names.length === 1 && app?.anyName === undefined ? (names[0] ?? '') : '';
}
