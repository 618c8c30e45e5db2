import { handlerNames } from './handler-names.js';

/**
 * Names that clients can never call, whether there is anything behind them or not: what is told to a caller must not show
 * what an application has. They are its handlers, and, as in Flash Remoting, what begins with an underscore, also behind a
 * dot.
 */
export function isProhibitedCall(name: string): boolean {
  return handlerNames.includes(name) || /(^|\.)_/.test(name);
}

/** What is told to who calls a name that has no procedure. */
export function refusedCall(name: string): {
  readonly ok: false;
  readonly code?: string;
  readonly description?: string;
} {
  if (!isProhibitedCall(name)) return { ok: false };
  const description = `${name.slice(0, maxShownName)} cannot be called.`;
  return { ok: false, code: 'NetConnection.Call.Prohibited', description };
}

/** Names can be of any length; an answer has room for this. */
const maxShownName = 200;
