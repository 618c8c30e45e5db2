export { type AddressRange, mappedIpv4 } from './address-range.js';
export { ConfigError } from './config-error.js';
export { type ConfigReferenceEntry, configMarkdown, configReference, configYaml } from './config-reference.js';
export { formatListenAddress, type ListenAddress, parseListenAddress } from './listen-address.js';
export { loadConfig } from './load-config.js';
export type { Config } from './settings.js';
