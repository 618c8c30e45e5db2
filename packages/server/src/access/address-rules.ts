import { BlockList, isIP } from 'node:net';
import { type AddressRange, type Config, mappedIpv4 } from '../config/index.js';
import type { ClientInfo } from './client-info.js';
import { type AccessAction, denial } from './denial.js';
import type { Guard, Verdict } from './guard.js';

/** An address is not said to be on a list or off one: who tries them all learns nothing. */
const refusal = 'Not from this address.';

/** Who may come from where. */
export class AddressRules implements Guard {
  readonly #deny: BlockList | undefined;
  readonly #allow: BlockList | undefined;
  readonly #from: { readonly publish: BlockList | undefined; readonly play: BlockList | undefined };
  readonly #apiFrom: BlockList | undefined;

  constructor(config: Pick<Config['access'], 'allow' | 'deny' | 'publishFrom' | 'playFrom' | 'apiFrom'>) {
    this.#deny = blockList(config.deny);
    this.#allow = blockList(config.allow);
    this.#from = { publish: blockList(config.publishFrom), play: blockList(config.playFrom) };
    this.#apiFrom = blockList(config.apiFrom);
  }

  /** No rule concerns clients that connect, publish or play. */
  get isEmpty(): boolean {
    return !this.#deny && !this.#allow && !this.#from.publish && !this.#from.play;
  }

  connect(client: ClientInfo): Verdict {
    return this.#verdict('connect', client, undefined);
  }

  publish(client: ClientInfo): Verdict {
    return this.#verdict('publish', client, this.#from.publish);
  }

  play(client: ClientInfo): Verdict {
    return this.#verdict('play', client, this.#from.play);
  }

  /** Whether somebody at `address` may use the web page and the HTTP API. */
  isApiAllowed(address: string): boolean {
    return this.#isAllowed(address, this.#apiFrom);
  }

  #verdict(action: AccessAction, { address }: ClientInfo, from: BlockList | undefined): Verdict {
    return this.#isAllowed(address, from) ? undefined : denial(action, 'forbidden', refusal);
  }

  #isAllowed(address: string, from: BlockList | undefined): boolean {
    if (this.#deny && contains(this.#deny, address)) return false;
    return (!this.#allow || contains(this.#allow, address)) && (!from || contains(from, address));
  }
}

function blockList(ranges: readonly AddressRange[]): BlockList | undefined {
  if (ranges.length === 0) return undefined;
  const list = new BlockList();
  for (const { address, prefix, family } of ranges) list.addSubnet(address, prefix, family);
  return list;
}

/** An address that is not known is in no list. */
function contains(list: BlockList, written: string): boolean {
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
