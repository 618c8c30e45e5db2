import type { Config } from '../config/index.js';
import { AddressRules } from './address-rules.js';
import { CredentialsGuard } from './credentials-guard.js';
import type { Guard } from './guard.js';

/**
 * The guards that the configuration asks for, in the order in which they are to be asked; none where it asks for none.
 * Webhooks come behind them: whoever may not come in by these rules is nobody's to decide on.
 * @throws ConfigError where a key file cannot be used, or keys contradict each other.
 */
export function createGuards(config: Pick<Config, 'access'>, options: { readonly nowMs?: () => number } = {}): Guard[] {
  const { nowMs = Date.now } = options;
  const addresses = new AddressRules(config.access);
  const credentials = new CredentialsGuard({ config: config.access, nowMs });
  return [addresses, credentials].filter((guard) => !guard.isEmpty);
}
