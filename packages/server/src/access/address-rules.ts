import type { BlockList } from 'node:net';
import type { Config } from '../config/index.js';
import { addressList, isListed } from './address-list.js';
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
    this.#deny = addressList(config.deny);
    this.#allow = addressList(config.allow);
    this.#from = { publish: addressList(config.publishFrom), play: addressList(config.playFrom) };
    this.#apiFrom = addressList(config.apiFrom);
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

  /** Whether somebody at `address` may delete recordings: where the API is for everybody, that is for nobody. */
  mayDelete(address: string): boolean {
    return this.#apiFrom !== undefined && this.isApiAllowed(address);
  }

  #verdict(action: AccessAction, { address }: ClientInfo, from: BlockList | undefined): Verdict {
    return this.#isAllowed(address, from) ? undefined : denial(action, 'forbidden', refusal);
  }

  #isAllowed(address: string, from: BlockList | undefined): boolean {
    if (this.#deny && isListed(this.#deny, address)) return false;
    return (!this.#allow || isListed(this.#allow, address)) && (!from || isListed(from, address));
  }
}
