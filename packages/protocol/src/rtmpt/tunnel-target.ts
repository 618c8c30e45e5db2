/*
 * RTMPT: RTMP's bytes in HTTP requests. [SPEC-RTMPT, J. Bauch 2006]
 *
 *   POST /open/1 HTTP/1.1             a body that means nothing        200   "ID\n"
 *   POST /send/ID/SEQUENCE            the client's bytes               200   | interval 1 | the server's bytes |
 *   POST /idle/ID/SEQUENCE            a body that means nothing        200   | interval 1 | the server's bytes |
 *   POST /close/ID/SEQUENCE           a body that means nothing        200   | 0 1 |
 *   POST /fcs/ident2                  Flash only, before all others    404, or the address to go on with
 *
 * A body that means nothing is one zero byte, as HTTP proxies of that time did not like empty ones.
 */
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';

/** Of requests and answers. */
export const tunnelContentType = 'application/x-fcs';

/** What a request of an open tunnel is for. */
export type TunnelCommand = 'send' | 'idle' | 'close';

/** What a request line of a tunnel asks for. */
export type TunnelTarget =
  | { readonly command: 'open' }
  /** Flash's question for the server to use; it goes on with `open` when that is not answered. */
  | { readonly command: 'ident' }
  | {
      readonly command: TunnelCommand;
      /** 1 … 60 of the characters `A-Z a-z 0-9 - _ . ~`. */
      readonly id: string;
      /** 0 … 2³²−1: grows by one with every request of the tunnel, whatever the command. Peers begin at 0 or at 1. */
      readonly sequence: number;
    };

const maxSequence = 0xffff_ffff;
/** FFmpeg has room for 63, the line end included. */
const idPattern = /^[A-Za-z0-9._~-]{1,60}$/;
const sequencePattern = /^\d{1,10}$/;
/** [RFC 9112 §3.2.2] servers take the absolute form too, which proxies are sent. */
const originPattern = /^https?:\/\/[^/?#]*/i;

/**
 * Reads a request target. The case of commands, doubled slashes, slashes at the end and queries do not matter.
 * `undefined`: it is none of a tunnel.
 *
 * @throws RtmpRemoteError `ERR_RTMPT_TARGET` when the command is one of a tunnel and the rest does not belong to it.
 */
export function parseTunnelTarget(target: string): TunnelTarget | undefined {
  const [path = ''] = target.replace(originPattern, '').split(/[?#]/, 1);
  if (!path.startsWith('/')) return undefined;
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  const command = first.toLowerCase();
  switch (command) {
    case 'open':
      // The number is always 1, and means nothing.
      if (rest.length > 1 || !rest.every((part) => sequencePattern.test(part))) fail(`/${command} takes one number`);
      return { command };
    case 'fcs':
      return /^ident\d?$/i.test(rest.join('/')) ? { command: 'ident' } : undefined;
    case 'send':
    case 'idle':
    case 'close': {
      const [id = '', number = ''] = rest;
      if (rest.length !== 2 || !idPattern.test(id)) fail(`/${command} takes an id and a number`);
      const sequence = sequencePattern.test(number) ? Number(number) : Number.POSITIVE_INFINITY;
      if (sequence > maxSequence) fail(`the number behind /${command} is not one of 0 to ${maxSequence}`);
      return { command, id, sequence };
    }
    default:
      return undefined;
  }
}

/**
 * The path to be requested.
 *
 * @throws RtmpUsageError `ERR_RTMPT_TARGET` for an id or a number that `parseTunnelTarget` would refuse.
 */
export function formatTunnelTarget(target: TunnelTarget): string {
  switch (target.command) {
    case 'open':
      return '/open/1';
    case 'ident':
      return '/fcs/ident2';
    case 'send':
    case 'idle':
    case 'close': {
      const { command, id, sequence } = target;
      if (!idPattern.test(id) || !Number.isInteger(sequence) || sequence < 0 || sequence > maxSequence) {
        throw new RtmpUsageError('ERR_RTMPT_TARGET', `no target has the id '${id}' and the number ${sequence}`);
      }
      return `/${command}/${id}/${sequence}`;
    }
    default:
      return target satisfies never;
  }
}

function fail(message: string): never {
  throw new RtmpRemoteError('ERR_RTMPT_TARGET', message);
}
