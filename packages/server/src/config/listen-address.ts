/** Where a server listens. */
export interface ListenAddress {
  /** A name or address as node:net takes it, IPv6 without brackets; empty for every interface, IPv6 and IPv4. */
  readonly host: string;
  /** 0 … 65535; 0 for any free port. */
  readonly port: number;
}

/** In one group: [IPv6] or a host without colons, both optional; then the port. */
const pattern = /^(?:(?:\[([0-9A-Fa-f:.]+(?:%[^\]]+)?)\]|([^\s:[\]/@]*)):)?(\d{1,5})$/;

/** Reads `:1935`, `1935`, `host:1935` and `[::1]:1935`. `undefined` for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = pattern.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '*' ? '' : host, port };
}

/** The opposite of `parseListenAddress`. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
