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

/** Version in a digest C1, as a Flash Player 10 would send; servers only care that it is not 0. */
const clientVersion = 0x0a_00_2d_02;

/**
 * The client's side of the handshake. C0 and C1 are there to send from the start, C2 once S1 is complete. What the server
 * echoes in S2 is never checked.
 */
export class ClientHandshake {
  readonly #crypto: HandshakeCrypto;
  readonly #startMs: number;
  readonly #input = new HandshakeInput();
  readonly #asked: HandshakeKind;
  #output: Uint8Array | undefined;
  #kind: HandshakeKind | undefined;
  #swfChallenge: Uint8Array = new Uint8Array(0);
  #failure: RtmpRemoteError | undefined;

  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor(options: { readonly crypto: HandshakeCrypto; readonly nowMs: number; readonly kind: HandshakeKind }) {
    this.#crypto = options.crypto;
    this.#startMs = options.nowMs;
    this.#asked = options.kind;
    const packet = createPacket(options.crypto, options.nowMs, options.kind === 'digest' ? clientVersion : 0);
    if (options.kind === 'digest') signPacket(options.crypto, packet, 8, clientKey);
    const output = new Uint8Array(1 + packetLength);
    output[0] = handshakeVersions.plain;
    output.set(packet, 1);
    this.#output = output;
  }

  /** What the two sides agreed on: `simple` too when the server answered a digest C1 without one. `undefined` until S1. */
  get kind(): HandshakeKind | undefined {
    return this.#kind;
  }

  /** The last 32 bytes of S1, which SWF verification is made with; empty until S1 is complete. */
  get swfChallenge(): Uint8Array {
    return this.#swfChallenge;
  }

  /** S2 is complete: what follows are chunks. C2 must have been sent before ours. */
  get done(): boolean {
    return this.#input.complete;
  }

  /**
   * Takes bytes in pieces of any size and copies them. `nowMs`: when they were read, by the clock of the constructor.
   * @throws RtmpRemoteError when the server's version is not 3; then the connection is over
   */
  receive(bytes: Uint8Array, nowMs: number = this.#startMs): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#input.push(bytes);
    const version = this.#input.version;
    if (version !== undefined && version !== handshakeVersions.plain) {
      this.#failure = new RtmpRemoteError(
        'ERR_RTMP_HANDSHAKE_VERSION',
        `the server answered with version ${version}, 3 was asked for`,
        { offset: 0 },
      );
      throw this.#failure;
    }
    const serverPacket = this.#input.firstPacket;
    if (this.#kind === undefined && serverPacket !== undefined) this.#answer(serverPacket, nowMs);
  }

  /** What is to be sent now, each byte once: C0 and C1, later C2. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Bytes received after S2, once; empty when there are none. */
  takeRemainder(): Uint8Array {
    return this.#input.takeRemainder();
  }

  #answer(serverPacket: Uint8Array, nowMs: number): void {
    const mayHaveDigest = this.#asked === 'digest' && packetVersion(serverPacket) !== 0;
    const found = mayHaveDigest ? findDigest(this.#crypto, serverPacket, serverKey) : undefined;
    const echo = createEcho(serverPacket, nowMs);
    if (found !== undefined) signEcho(this.#crypto, echo, found.digest, clientKey);
    this.#swfChallenge = swfChallenge(serverPacket);
    this.#kind = found === undefined ? 'simple' : 'digest';
    this.#output = this.#output === undefined ? echo : joined(this.#output, echo);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
