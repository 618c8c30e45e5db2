import type { Server } from 'node:net';

/** Where a listener ended up: `port` is the real one when 0 was asked for. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** Listens; rejects with the system's error (`EADDRINUSE`, `EACCES`, …). An empty host means all interfaces. */
export async function bind(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<BoundAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: address.port, backlog: 1024, ...(address.host === '' ? {} : { host: address.host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the listener has no address');
  return { host: address.host === '' ? bound.address : address.host, port: bound.port };
}
