import { BlockList, isIP } from 'node:net';
import { type AddressRange, mappedIpv4 } from '../config/index.js';

/** `undefined` where there are none. */
export function addressList(ranges: readonly AddressRange[]): BlockList | undefined {
  if (ranges.length === 0) return undefined;
  const list = new BlockList();
  for (const { address, prefix, family } of ranges) list.addSubnet(address, prefix, family);
  return list;
}

/** An address that is not known is in no list. */
export function isListed(list: BlockList, written: string): boolean {
  // A link-local address with its interface: fe80::1%eth0.
  const zone = written.indexOf('%');
  const address = zone < 0 ? written : written.slice(0, zone);
  switch (isIP(address)) {
    case 4:
      return list.check(address, 'ipv4');
    case 6: {
      const ipv4 = mappedIpv4(address);
      return ipv4 === undefined ? list.check(address, 'ipv6') : list.check(ipv4, 'ipv4');
    }
    default:
      return false;
  }
}
