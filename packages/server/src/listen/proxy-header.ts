/*
 * The PROXY protocol: what a load balancer says of the client before the client's own bytes.
 * [HAProxy, "The PROXY protocol", versions 1 & 2]
 *
 *   version 1   "PROXY TCP4 192.0.2.1 198.51.100.1 56324 1935\r\n"     at most 107 bytes; also TCP6, UNKNOWN
 *
 *   version 2   | signature 12: 0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | version 4 bits: 2, command 4 bits |
 *               | family 4 bits, protocol 4 bits | length 2 | addresses and more, length bytes |
 *   IPv4        | source 4  | destination 4  | source port 2 | destination port 2 |
 *   IPv6        | source 16 | destination 16 | source port 2 | destination port 2 |
 */
import { isIPv4, isIPv6 } from 'node:net';
import { mappedIpv4 } from '../config/index.js';

/** `incomplete`: more bytes are needed. `invalid`: it is no such header. */
export type ProxyHeader =
  | 'incomplete'
  | 'invalid'
  | {
      /** Bytes of the header; the client's own come after them. */
      readonly length: number;
      /** The client's address, IPv4 in its own form; `undefined` where the proxy speaks for itself or does not know. */
      readonly address: string | undefined;
    };

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const fixedLength = 16;
/** Of version 2 the addresses need 36 bytes; what follows them is a few hundred where it is used at all. */
const maxV2Length = 2048;
const v1Start = Uint8Array.from('PROXY ', (character) => character.charCodeAt(0));
const maxV1Length = 107;
const familyIpv4 = 1;
const familyIpv6 = 2;
const v1Pattern =
  /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP4|TCP6) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5}))$/;

/** Reads the header that `bytes` begin with. At most 2 KiB are ever `incomplete`. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAs(bytes, v1Start)) return parseV1(bytes);
  if (startsAs(bytes, signature)) return parseV2(bytes);
  return 'invalid';
}

/** Also where there are not enough bytes yet. */
function startsAs(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.subarray(0, start.length).every((byte, at) => byte === start[at]);
}

function parseV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, maxV1Length).indexOf(0x0a);
  if (end === -1) return bytes.length < maxV1Length ? 'incomplete' : 'invalid';
  if (bytes[end - 1] !== 0x0d) return 'invalid';
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  const match = v1Pattern.exec(line);
  if (match === null) return 'invalid';
  const [, family, source = '', destination = '', ...ports] = match;
  if (family === undefined) return { length: end + 1, address: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination) || ports.some((port) => Number(port) > 65_535)) return 'invalid';
  return { length: end + 1, address: mapped(source) };
}

function parseV2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < fixedLength) return 'incomplete';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = fixedLength + view.getUint16(14);
  const command = view.getUint8(12);
  if (command >> 4 !== 2 || (command & 0x0f) > 1 || length > maxV2Length) return 'invalid';
  if (bytes.length < length) return 'incomplete';
  // LOCAL: a health check of the proxy, whose own address counts.
  const family = (command & 0x0f) === 0 ? 0 : view.getUint8(13) >> 4;
  if (family === familyIpv4) {
    if (length < fixedLength + 12) return 'invalid';
    return { length, address: bytes.subarray(fixedLength, fixedLength + 4).join('.') };
  }
  if (family === familyIpv6) {
    if (length < fixedLength + 36) return 'invalid';
    const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(fixedLength + 2 * at).toString(16));
    return { length, address: mapped(groups.join(':')) };
  }
  return { length, address: undefined };
}

/** In the form in which addresses are shown and compared. */
function mapped(address: string): string {
  if (!address.includes(':')) return address;
  return mappedIpv4(address) ?? new URL(`http://[${address}]`).hostname.slice(1, -1);
}
