import type { Socket } from 'node:net';

/** Where a tunnel comes from: who opened it. */
export interface TunnelPeer {
  /** `203.0.113.7` or `2001:db8::7`: the client's own, also behind a proxy. */
  readonly address: string;
  /** This server's own, as the peer reached it. */
  readonly localAddress: string | undefined;
  readonly tls: boolean;
}

/** What a connection says of its other end. `known`: what is known better, from a proxy before it. */
export function tunnelPeerOf(socket: Socket, known: Partial<TunnelPeer> = {}): TunnelPeer {
  return {
    address: shown(socket.remoteAddress) ?? 'unknown',
    localAddress: shown(socket.localAddress),
    tls: 'encrypted' in socket,
    ...known,
  };
}

function shown(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/, '');
}
