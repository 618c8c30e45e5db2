/*
 * SWF verification: a server asks a client to prove that it holds the file of a player (SWF) that may use it. User
 * control messages [RTMP §6.2] that are not in the specification:
 *
 *   request     | 26 2 | version 1: 1 |
 *   answer      | 27 2 | version 1: 1 | 1 1 | size 4 | size 4 | proof 32 |
 *
 *   size        of the file, not compressed
 *   proof       HMAC-SHA-256 of the file's hash, key: the last 32 bytes of S1
 *   hash        HMAC-SHA-256 of the file, not compressed, key: the name by which Flash Player signs its handshake
 *
 * Whoever has the file, or read hash and size somewhere, passes: it keeps out who has never looked. The facts are those
 * of librtmp and ffmpeg; neither knows a version other than 1.
 */
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import type { HandshakeCrypto } from '../handshake/index.js';

export const swfVerificationVersion = 1;
const answerLength = 42;
const proofOffset = 10;
const hashLength = 32;
/** As in the digest handshake. */
const playerName = Uint8Array.from('Genuine Adobe Flash Player 001', (character) => character.charCodeAt(0));

/** What is known of a player's file. */
export interface SwfIdentity {
  /** 32 bytes: HMAC-SHA-256 of the file before compression, under the name of Flash Player. */
  readonly hash: Uint8Array;
  /** Bytes of the file before compression: 1 … 2³²−1. */
  readonly size: number;
}

/** What `identifySwf` cannot do by itself. */
export interface SwfTools {
  readonly crypto: Pick<HandshakeCrypto, 'hmacSha256'>;
  /** Expands a zlib stream. Throws for one that is none, and should for one that expands without end. */
  inflate(bytes: Uint8Array): Uint8Array;
}

const headerLength = 8;
const signatures = { plain: 0x46, zlib: 0x43, lzma: 0x5a } as const;

/**
 * The identity of an SWF file, compressed by zlib (`CWS`) or not (`FWS`). Throws `RtmpUsageError` `ERR_SWF_INVALID` for
 * what is neither; of LZMA (`ZWS`) nobody has published what is hashed.
 */
export function identifySwf(file: Uint8Array, { crypto, inflate }: SwfTools): SwfIdentity {
  const [kind, w, s] = file;
  if (file.length <= headerLength || w !== 0x57 || s !== 0x53) throw invalidSwf('it is no SWF file');
  if (kind === signatures.lzma) throw invalidSwf('SWF files compressed by LZMA are not supported');
  if (kind !== signatures.plain && kind !== signatures.zlib) throw invalidSwf('it is no SWF file');
  const plain = kind === signatures.plain ? file : expanded(file, inflate);
  return { hash: crypto.hmacSha256(playerName, plain), size: plain.length };
}

/** The header is never compressed; its first letter says whether the rest is. */
function expanded(file: Uint8Array, inflate: SwfTools['inflate']): Uint8Array {
  let rest: Uint8Array;
  try {
    rest = inflate(file.subarray(headerLength));
  } catch (cause) {
    throw invalidSwf('it cannot be expanded', cause);
  }
  const plain = new Uint8Array(headerLength + rest.length);
  plain.set(file.subarray(0, headerLength));
  plain[0] = signatures.plain;
  plain.set(rest, headerLength);
  return plain;
}

function invalidSwf(reason: string, cause?: unknown): RtmpUsageError {
  return new RtmpUsageError('ERR_SWF_INVALID', reason, cause === undefined ? {} : { cause });
}

/** What follows the type in an answer. `challenge`: the last 32 bytes of S1. */
export function swfAnswer(
  crypto: Pick<HandshakeCrypto, 'hmacSha256'>,
  { hash, size }: SwfIdentity,
  challenge: Uint8Array,
): Uint8Array {
  const answer = new Uint8Array(answerLength);
  const view = new DataView(answer.buffer);
  answer.fill(swfVerificationVersion, 0, 2);
  view.setUint32(2, size);
  view.setUint32(6, size);
  answer.set(crypto.hmacSha256(challenge, hash), proofOffset);
  return answer;
}

/** Throws `RtmpRemoteError` `ERR_RTMP_SWF_VERIFICATION` unless `answer` is that of one of `players`. */
export function checkSwfAnswer(
  crypto: Pick<HandshakeCrypto, 'hmacSha256'>,
  answer: Uint8Array,
  { players, challenge }: { readonly players: readonly SwfIdentity[]; readonly challenge: Uint8Array },
): void {
  if (answer.length !== answerLength) throw refused(`the answer has ${answer.length} bytes instead of ${answerLength}`);
  const size = new DataView(answer.buffer, answer.byteOffset).getUint32(2);
  const isRight = players.some(
    (player) => player.size === size && isEqual(swfAnswer(crypto, player, challenge), answer),
  );
  if (!isRight) throw refused(`the answer, for a file of ${size} bytes, is of no player that may connect`);
}

/** Throws `RtmpUsageError` `ERR_SWF_INVALID` for a hash or a size that none can be. */
export function assertSwfIdentity({ hash, size }: SwfIdentity): void {
  if (hash.length !== hashLength) throw invalidSwf(`an SWF hash has ${hashLength} bytes, not ${hash.length}`);
  if (!Number.isInteger(size) || size < 1 || size > 0xffff_ffff) {
    throw invalidSwf(`an SWF size is a whole number from 1 to 4294967295, not ${size}`);
  }
}

/** Takes the same time wherever they differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] as number) ^ (b[i] ?? 0);
  return difference === 0;
}

function refused(reason: string): RtmpRemoteError {
  return new RtmpRemoteError('ERR_RTMP_SWF_VERIFICATION', `SWF verification: ${reason}`);
}
