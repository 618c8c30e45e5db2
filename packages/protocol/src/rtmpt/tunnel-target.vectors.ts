import type { TunnelTarget } from './tunnel-target.js';

export const targets: readonly (readonly [target: string, result: TunnelTarget | undefined, source: string])[] = [
  ['/open/1', { command: 'open' }, 'SPEC-RTMPT; librtmp 2.4; FFmpeg rtmphttp.c'],
  ['/fcs/ident2', { command: 'ident' }, 'Flash Player 10'],
  ['/fcs/ident', { command: 'ident' }, 'Flash Player 9'],
  ['/send/1234567890/0', { command: 'send', id: '1234567890', sequence: 0 }, 'librtmp 2.4'],
  ['/idle/aBc-_9.~/17', { command: 'idle', id: 'aBc-_9.~', sequence: 17 }, 'SPEC-RTMPT'],
  ['/close/x/4294967295', { command: 'close', id: 'x', sequence: 0xffff_ffff }, 'SPEC-RTMPT'],
];

/** What peers and proxies make of them. */
export const oddTargets: readonly (readonly [target: string, result: TunnelTarget | undefined])[] = [
  ['http://example.org:80/open/1', { command: 'open' }],
  ['HTTPS://[2001:db8::1]/send/x/3', { command: 'send', id: 'x', sequence: 3 }],
  ['/open/1/', { command: 'open' }],
  ['/open', { command: 'open' }],
  ['//open//1', { command: 'open' }],
  ['/Send/aB/007', { command: 'send', id: 'aB', sequence: 7 }],
  ['/idle/x/1?nocache=5', { command: 'idle', id: 'x', sequence: 1 }],
];

export const otherTargets = [
  '/',
  '',
  '*',
  '/live/x.flv',
  '/opened/1',
  '/fcs',
  '/fcs/admin',
  '/gateway',
  'open/1',
] as const;

export const brokenTargets = [
  '/open/x',
  '/open/1/2',
  '/send',
  '/send/x',
  '/send/x/',
  '/send/x/-1',
  '/send/x/1.5',
  '/send/x/4294967296',
  '/send/x/99999999999',
  '/idle/x/1/2',
  '/idle/%2e%2e/1',
  `/close/${'x'.repeat(61)}/1`,
] as const;
