import type { ServerCall } from '@millrace/protocol';

/** What the server has measured, and says in `onBWDone`. Each is 0 where it does not know. */
export interface Bandwidth {
  /** Kilobits of 1000 bits a second, from the server to here. */
  readonly kbitDown: number;
  /** The kilobits that were measured. */
  readonly deltaDown: number;
  /** The seconds that they took. */
  readonly deltaTime: number;
  /** Milliseconds there and back. */
  readonly latency: number;
}

/** A call that measures by how long its answer takes, whatever that says; both dialects of Flash Media Server. */
export function isBandwidthCheck({ name }: ServerCall): boolean {
  return name === 'onBWCheck' || name === '_onbwcheck';
}

/** `undefined`: another call, or an `onBWDone` without figures, which servers send behind the answer to `connect`. */
export function readBandwidth({ name, args }: ServerCall): Bandwidth | undefined {
  if (name !== 'onBWDone' && name !== '_onbwdone') return undefined;
  const [kbitDown, deltaDown, deltaTime, latency] = args.map((value) => (typeof value === 'number' ? value : 0));
  if (kbitDown === undefined || deltaDown === undefined || deltaTime === undefined || latency === undefined) {
    return undefined;
  }
  return { kbitDown, deltaDown, deltaTime, latency };
}
