import { randomBytes } from 'node:crypto';
import { type EncryptedCrypto, handshakeVersions } from '@millrace/protocol';
import type { Config } from '../config/index.js';
import { type RtmpConnections, RtmpeTransport, type RtmpTransport, type TransportEvents } from '../listen/index.js';
import type { Logger } from '../log/index.js';
import { BodyRoom } from './body-room.js';
import type { TunnelPeer } from './tunnel-peer.js';
import { TunnelTransport } from './tunnel-transport.js';

export interface TunnelSessionsOptions {
  readonly connections: RtmpConnections;
  readonly config: Pick<Config, 'rtmp' | 'limits'>;
  readonly crypto: EncryptedCrypto;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  readonly log: Logger;
}

const { encrypted, encryptedXtea, encryptedBlowfish } = handshakeVersions;
const encryptedVersions: readonly number[] = [encrypted, encryptedXtea, encryptedBlowfish];
/** Nobody guesses them. As hex, whatever a proxy does to the case of paths does no harm. */
const idBytes = 16;
/** What the requests of all tunnels may hold, in units of what those of one may. */
const fullBodies = 16;
const maxDeadlineCheckMs = 500;

/**
 * Every tunnel, by its id. Nothing else belongs to a tunnel: its requests may come over any connection, from any address,
 * as they do from behind proxies. Until its first byte has come it is an arrival, and costs no session.
 */
export class TunnelSessions {
  readonly #options: TunnelSessionsOptions;
  readonly #room: BodyRoom;
  readonly #tunnels = new Map<string, TunnelTransport>();
  readonly #releases = new Map<TunnelTransport, () => void>();
  #timer: NodeJS.Timeout | undefined;
  /** Called when the last tunnel is gone. */
  onEmpty: (() => void) | undefined;

  constructor(options: TunnelSessionsOptions) {
    this.#options = options;
    const { partialBytes } = options.config.limits;
    this.#room = new BodyRoom({ maxBytes: partialBytes, maxBytesTogether: fullBodies * partialBytes });
  }

  get count(): number {
    return this.#tunnels.size;
  }

  /** `undefined`: there is no room for it. */
  open(peer: TunnelPeer): TunnelTransport | undefined {
    const { connections, config, now } = this.#options;
    if (!connections.hasRoom()) return undefined;
    const tunnel = new TunnelTransport({
      id: randomBytes(idBytes).toString('hex'),
      peer,
      room: this.#room,
      idleTimeoutMs: config.limits.idleTimeoutMs,
      now,
      onBegin: (transport, firstByte) => this.#begin(transport, firstByte),
      onGone: (transport) => this.#remove(transport),
    });
    this.#tunnels.set(tunnel.id, tunnel);
    this.#releases.set(
      tunnel,
      connections.reserve(() => tunnel.close('nothing was sent in time')),
    );
    this.#timer ??= setInterval(() => this.#checkDeadlines(), this.#checkMs).unref();
    return tunnel;
  }

  /** `undefined`: there is none of that id, or no longer. */
  find(id: string): TunnelTransport | undefined {
    return this.#tunnels.get(id.toLowerCase());
  }

  #begin(tunnel: TunnelTransport, firstByte: number): void {
    const { connections, config, crypto, now, log } = this.#options;
    this.#release(tunnel);
    connections.accept((events) => {
      const open = (inner: TransportEvents): RtmpTransport => tunnel.attach(inner);
      if (!config.rtmp.encrypted || !encryptedVersions.includes(firstByte)) return open(events);
      const onFault = ({ message }: { readonly message: string }): void =>
        log.warn({ address: tunnel.remoteAddress, error: message }, 'closing the tunnel');
      return new RtmpeTransport(open, events, { crypto, now, onFault });
    });
  }

  #remove(tunnel: TunnelTransport): void {
    const { remoteAddress: address, closeReason } = tunnel;
    // Of others the connection tells.
    if (this.#releases.has(tunnel)) {
      this.#options.log.debug({ address, reason: closeReason ?? 'the peer closed' }, 'a tunnel ends unused');
    }
    this.#release(tunnel);
    this.#tunnels.delete(tunnel.id);
    if (this.#tunnels.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.onEmpty?.();
  }

  #release(tunnel: TunnelTransport): void {
    this.#releases.get(tunnel)?.();
    this.#releases.delete(tunnel);
  }

  #checkDeadlines(): void {
    const nowMs = this.#options.now();
    for (const tunnel of this.#tunnels.values()) tunnel.checkDeadline(nowMs);
  }

  get #checkMs(): number {
    return Math.min(maxDeadlineCheckMs, this.#options.config.limits.idleTimeoutMs / 4);
  }
}
