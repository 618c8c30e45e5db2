import { handlerNames } from './handler-names.js';

/**
 * Names that clients can never call, whether there is anything behind them or not: what is told to a caller must not show
 * what an application has. They are its handlers, and, as in Flash Remoting, what begins with an underscore, also behind a
 * dot.
 */
export function isProhibitedCall(name: string): boolean {
  return handlerNames.includes(name) || /(^|\.)_/.test(name);
}
