import { readFileSync, statSync } from 'node:fs';
import type { BlockList } from 'node:net';
import { identifySwf } from '@millrace/client';
import type { SwfIdentity } from '@millrace/protocol';
import { type Config, ConfigError } from '../config/index.js';
import { addressList, isListed } from './address-list.js';

const maxFileBytes = 64 * 1024 * 1024;

/** Who must prove by SWF verification that it is a player that may connect, and which those are. */
export class SwfRules {
  /** Empty: nobody is asked. */
  readonly players: readonly SwfIdentity[];
  readonly #exempt: BlockList | undefined;

  /** Reads the files. @throws ConfigError for one that cannot be used. */
  constructor({ swf, swfExempt }: Pick<Config['access'], 'swf' | 'swfExempt'>) {
    this.players = swf.map((player) => (player.kind === 'file' ? readPlayer(player.path) : player));
    this.#exempt = addressList(swfExempt);
  }

  isAsked(address: string): boolean {
    return this.players.length > 0 && !(this.#exempt !== undefined && isListed(this.#exempt, address));
  }
}

function readPlayer(path: string): SwfIdentity {
  try {
    if (statSync(path).size > maxFileBytes) throw new RangeError(`it has more than ${maxFileBytes} bytes`);
    return identifySwf(readFileSync(path));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : error instanceof Error ? error.message : String(error);
    throw new ConfigError(`access.swf: ${path} cannot be used: ${reason}`, { cause: error });
  }
}
