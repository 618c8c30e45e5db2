import { isIP } from 'node:net';

/** The addresses that have the first `prefix` bits in common with `address`. */
export interface AddressRange {
  /** IPv4 or IPv6, as `family` says; an IPv6 address that stands for an IPv4 one is given as that. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** 0 … 32 or 128. */
  readonly prefix: number;
}

const mappedBits = 96;
/** As the URL parser writes IPv6 addresses: ::ffff:0:0/96. [RFC 4291 §2.5.5.2] */
const mappedPattern = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/** Reads `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. `undefined` for anything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const match = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text.trim());
  const written = match?.[1];
  if (match === null || written === undefined) return undefined;
  const given = match[2] === undefined ? undefined : Number(match[2]);
  switch (isIP(written)) {
    case 4:
      return given === undefined || given <= 32 ? { address: written, family: 'ipv4', prefix: given ?? 32 } : undefined;
    case 6: {
      const prefix = given ?? 128;
      if (prefix > 128) return undefined;
      const ipv4 = mappedIpv4(written);
      if (ipv4 !== undefined && prefix >= mappedBits)
        return { address: ipv4, family: 'ipv4', prefix: prefix - mappedBits };
      return { address: written, family: 'ipv6', prefix };
    }
    default:
      return undefined;
  }
}

/** The IPv4 address that `::ffff:203.0.113.7` stands for: a socket that listens on both families sees it so. */
export function mappedIpv4(address: string): string | undefined {
  const match = mappedPattern.exec(new URL(`http://[${address}]`).hostname);
  if (match === null) return undefined;
  const [high, low] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)];
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}
