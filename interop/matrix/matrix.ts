/** How RTMP is carried, as URLs begin. */
export const schemes = ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpts', 'rtmpte', 'ws', 'wss'] as const;
export type Scheme = (typeof schemes)[number];

export const directions = ['publishes', 'plays'] as const;
export type Direction = (typeof directions)[number];

/** A program, and by what it is to publish and to play. */
export interface Peer {
  readonly name: string;
  readonly publishes: readonly Scheme[];
  readonly plays: readonly Scheme[];
  /** What of the rest it cannot, and why. */
  readonly remark: string;
}

export const peers = {
  ffmpeg: {
    name: 'FFmpeg of Debian',
    publishes: ['rtmp', 'rtmps', 'rtmpt', 'rtmpts'],
    plays: ['rtmp', 'rtmps', 'rtmpt', 'rtmpts'],
    remark: 'built without RTMPE; over RTMPT it ends without posting its last packets',
  },
  ffmpeg8: {
    name: 'FFmpeg 8 (node-av)',
    publishes: ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpte'],
    plays: ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpte'],
    remark:
      'as above; its RTMPTS refuses its own second request ("Cannot reuse HTTP connection for different protocol")',
  },
  rtmpdump: {
    name: 'rtmpdump',
    publishes: [],
    plays: ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpts', 'rtmpte'],
    remark: 'only plays; over TLS with `tls.maxVersion: TLSv1.2`',
  },
  gstreamer: {
    name: 'GStreamer rtmp2sink, rtmp2src',
    publishes: ['rtmp', 'rtmps'],
    plays: ['rtmp', 'rtmps'],
    remark: 'knows these two',
  },
  chromium: {
    name: 'Chromium, @millrace/client',
    publishes: ['ws'],
    plays: ['ws'],
    remark: 'browsers have WebSocket; `wss` needs a certificate that they trust',
  },
  client: {
    name: 'Node, @millrace/client',
    publishes: schemes,
    plays: schemes,
    remark: '',
  },
} as const satisfies Record<string, Peer>;

export type PeerId = keyof typeof peers;

export interface Cell {
  readonly peer: PeerId;
  readonly scheme: Scheme;
  readonly direction: Direction;
}

/** Everything that is to be tried in one direction. */
export function cellsOf(direction: Direction): Cell[] {
  return (Object.keys(peers) as PeerId[]).flatMap((peer) =>
    (peers[peer][direction] as readonly Scheme[]).map((scheme) => ({ peer, scheme, direction })),
  );
}

/** The table of what has worked, in Markdown. `versions`: of the peers; without, the column is left out. */
export function tableOf(worked: readonly Cell[], versions?: ReadonlyMap<PeerId, string>): string {
  const did = (peer: PeerId, scheme: Scheme): string =>
    directions
      .filter((direction) =>
        worked.some((cell) => cell.peer === peer && cell.scheme === scheme && cell.direction === direction),
      )
      .join(', ') || '–';
  const head = ['peer', ...(versions ? ['version'] : []), ...schemes, 'remark'];
  const rows = (Object.keys(peers) as PeerId[]).map((id) => [
    peers[id].name,
    ...(versions ? [versions.get(id) ?? ''] : []),
    ...schemes.map((scheme) => did(id, scheme)),
    peers[id].remark,
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The same table without its column of versions, which differ from machine to machine. */
export function withoutVersions(table: string): string {
  const rows = table.split('\n').map((row) => row.split(' | '));
  return rows.map((row) => row.filter((_cell, column) => column !== 1).join(' | ')).join('\n');
}
