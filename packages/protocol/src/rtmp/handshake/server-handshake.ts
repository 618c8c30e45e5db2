import { RtmpRemoteError } from '../../bytes/index.js';
import { clientKey, findDigest, serverKey, signEcho, signPacket } from './digest.js';
import { HandshakeInput } from './handshake-input.js';
import {
  createEcho,
  createPacket,
  type HandshakeCrypto,
  type HandshakeKind,
  handshakeVersions,
  packetLength,
  packetVersion,
  swfChallenge,
} from './handshake-packet.js';

/** Version in a digest S1. From major version 3 on ffmpeg verifies our digests; Flash Player plays H.264 only from there. */
const serverVersion = 0x03_05_01_01;

/**
 * The server's side of the handshake. Which kind it is, the client's C1 says; S0, S1 and S2 go out together once C1 is
 * complete. What the client echoes in C2 is never checked: many clients echo inexactly.
 */
export class ServerHandshake {
  readonly #crypto: HandshakeCrypto;
  readonly #startMs: number;
  readonly #input = new HandshakeInput();
  #output: Uint8Array | undefined;
  #kind: HandshakeKind | undefined;
  #swfChallenge: Uint8Array = new Uint8Array(0);
  #failure: RtmpRemoteError | undefined;

  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor(options: { readonly crypto: HandshakeCrypto; readonly nowMs: number }) {
    this.#crypto = options.crypto;
    this.#startMs = options.nowMs;
  }

  /** The client's kind; `undefined` until C1 is complete. */
  get kind(): HandshakeKind | undefined {
    return this.#kind;
  }

  /** The last 32 bytes of S1, which SWF verification is made with; empty until C1 is complete. */
  get swfChallenge(): Uint8Array {
    return this.#swfChallenge;
  }

  /** C2 is complete: what follows are chunks. */
  get done(): boolean {
    return this.#input.complete;
  }

  /**
   * Takes bytes in pieces of any size and copies them. `nowMs`: when they were read, by the clock of the constructor.
   * @throws RtmpRemoteError when the version byte is not one of RTMP's; then the connection is over
   */
  receive(bytes: Uint8Array, nowMs: number = this.#startMs): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#input.push(bytes);
    this.#checkVersion();
    const clientPacket = this.#input.firstPacket;
    if (this.#kind === undefined && clientPacket !== undefined) this.#answer(clientPacket, nowMs);
  }

  /** S0, S1 and S2, once, as soon as C1 has come. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Bytes received after C2, once; empty when there are none. */
  takeRemainder(): Uint8Array {
    return this.#input.takeRemainder();
  }

  #checkVersion(): void {
    const version = this.#input.version;
    if (version === undefined) return;
    if (version >= 32) {
      this.#failure = new RtmpRemoteError(
        'ERR_RTMP_HANDSHAKE_VERSION',
        `first byte ${version}: text, such as an HTTP request, and not RTMP`,
        { offset: 0 },
      );
    }
    // Every other version below 32 is answered with 3, RTMPE's 6, 8 and 9 too, and the client decides. [RTMP §5.2.2]
    if (this.#failure !== undefined) throw this.#failure;
  }

  #answer(clientPacket: Uint8Array, nowMs: number): void {
    const crypto = this.#crypto;
    const found = packetVersion(clientPacket) === 0 ? undefined : findDigest(crypto, clientPacket, clientKey);
    const packet = createPacket(crypto, this.#startMs, found === undefined ? 0 : serverVersion);
    const echo = createEcho(clientPacket, nowMs);
    if (found !== undefined) {
      signPacket(crypto, packet, found.scheme, serverKey);
      signEcho(crypto, echo, found.digest, serverKey);
    }
    this.#swfChallenge = swfChallenge(packet);
    this.#kind = found === undefined ? 'simple' : 'digest';
    const output = new Uint8Array(1 + 2 * packetLength);
    output[0] = handshakeVersions.plain;
    output.set(packet, 1);
    output.set(echo, 1 + packetLength);
    this.#output = output;
  }
}
