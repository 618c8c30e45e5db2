import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { ClientPage } from './harness/client-page.js';
import { eventually } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import {
  differenceFromSent,
  hashedPackets,
  hashingPlayerArgs,
  only,
  type Packet,
  packetsOfFile,
} from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { repository, TestServer } from './harness/server.js';
import { type Cell, cellsOf, type PeerId, type Scheme, tableOf, withoutVersions } from './matrix/matrix.js';
import {
  linesPlayedInPage,
  type MediaLine,
  mediaLinesOf,
  playInPage,
  playWithClient,
  publishInPage,
  publishWithClient,
} from './matrix/millrace-client.js';
import { versionsOfPeers } from './matrix/versions.js';

// What docs/interop.md says that works is what has worked here: H.264 and AAC, every packet the same. One server, TLS 1.2
// (rtmpdump knows no newer), one source of 6 s in real time; all who play do so at once, and all who publish.
// With MILLRACE_WRITE_DOCS=1 the table is written anew, with the versions of this machine.

const document = join(repository, 'docs/interop.md');
const tablePattern = /(?<=<!-- matrix -->\n\n?).*?(?=\n+<!-- end of matrix -->)/s;

const folder = mkdtempSync(join(tmpdir(), 'millrace-matrix-'));
const settings = [
  ...['tls.selfSigned=true', 'tls.maxVersion=TLSv1.2', 'rtmps.listen=127.0.0.1:0', 'https.listen=127.0.0.1:0'],
  ...[`media.dir=${folder}`, 'record.streams=live/by-*', 'record.file={app}/{name}.flv'],
];
const worked: Cell[] = [];
const programs = {
  ffmpeg: 'ffmpeg',
  ffmpeg8: 'node-av',
  rtmpdump: 'rtmpdump',
  gstreamer: 'gst-launch-1.0',
  chromium: 'chromium',
  client: undefined,
} as const satisfies Record<PeerId, string | undefined>;

let server: TestServer;
let source: string;
let sent: Packet[];
let sentLines: MediaLine[];
let clientPage: ClientPage | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  server = await TestServer.start({ settings });
  if (!findPeer('ffmpeg')) return;
  source = await mediaFile('plain');
  sent = await packetsOfFile(source);
  sentLines = mediaLinesOf(source);
  if (!findPeer('chromium') || !findPeer('playwright-core')) return;
  clientPage = await ClientPage.start();
  browser = await Browser.start({ skip: () => undefined });
});
afterAll(async () => {
  await browser?.close();
  await clientPage?.close();
  rmSync(folder, { recursive: true, force: true });
});

function hasPeer(peer: PeerId): boolean {
  const program = programs[peer];
  return program === undefined || findPeer(program) !== undefined;
}

/** Where a stream is, ending in its name. */
function urlOf(scheme: Scheme, name: string): string {
  const { rtmpPort, httpPort, httpsPort } = server;
  if (scheme === 'ws') return `ws://127.0.0.1:${httpPort}/rtmp/live/${name}`;
  if (scheme === 'wss') return `wss://127.0.0.1:${httpsPort}/rtmp/live/${name}`;
  return `${scheme}://127.0.0.1:${rtmpPort}/live/${name}`;
}

async function openPage(): Promise<BrowserPage> {
  if (browser === undefined || clientPage === undefined) throw new Error('there is no browser');
  const page = await browser.page();
  await page.open(clientPage.url);
  await page.until('window.client !== undefined');
  return page;
}

function expectPackets(received: readonly Packet[]): void {
  // Some interleave anew what they copy, so each kind is compared by itself.
  for (const kind of ['video', 'audio']) {
    expect(differenceFromSent(only(kind, received), only(kind, sent))).toBeUndefined();
  }
  expect(received).toHaveLength(sent.length);
}

const titled = (cells: readonly Cell[]) => cells.map((cell) => [cell.peer, cell.scheme, cell] as const);

describe('plays', () => {
  /** What checks a player, once the stream is over. */
  const players = new Map<string, () => Promise<void>>();
  const keyOf = ({ peer, scheme }: Cell): string => `${peer} ${scheme}`;

  async function startPlayer({ peer, scheme }: Cell): Promise<() => Promise<void>> {
    const url = urlOf(scheme, 'shown');
    switch (peer) {
      case 'ffmpeg': {
        const player = Program.start('ffmpeg', hashingPlayerArgs(url));
        return async () => {
          await player.waitForExit();
          expectPackets(hashedPackets(player.stdout));
        };
      }
      case 'ffmpeg8': {
        const player = playWithFfmpeg8(url);
        return async () => {
          await player.waitForExit();
          expectPackets(playedPackets(player));
        };
      }
      case 'rtmpdump': {
        const file = join(folder, `${scheme}.flv`);
        const player = Program.start('rtmpdump', ['-q', '--live', '-r', url, '-o', file]);
        return async () => {
          await player.waitForExit();
          expectPackets(await packetsOfFile(file));
        };
      }
      case 'gstreamer': {
        const file = join(folder, `gstreamer-${scheme}.flv`);
        const tls = scheme === 'rtmps' ? ['tls-validation-flags=0'] : [];
        const player = Program.start('gst-launch-1.0', [
          ...['-q', 'rtmp2src', `location=${url}`, ...tls, '!', 'filesink', `location=${file}`],
        ]);
        return async () => {
          await player.waitForExit();
          const received = await packetsOfFile(file);
          // rtmp2src may drop the last packet when the stream ends.
          expect(received.length).toBeGreaterThanOrEqual(sent.length - 1);
          expect(differenceFromSent(received, sent.slice(0, received.length))).toBeUndefined();
        };
      }
      case 'chromium': {
        const page = await openPage();
        await playInPage(page, urlOf(scheme, 'x').slice(0, -2), 'shown');
        return async () => {
          expect(await linesPlayedInPage(page)).toEqual(sentLines);
          expect(page.complaints).toEqual([]);
          await page.close();
        };
      }
      case 'client': {
        const { lines } = await playWithClient(url);
        return async () => expect(await lines).toEqual(sentLines);
      }
      default:
        return peer satisfies never;
    }
  }

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    const cells = cellsOf('plays').filter(
      ({ peer }) => hasPeer(peer) && (peer !== 'chromium' || browser !== undefined),
    );
    // One by one: a dozen programs that start at once take each other's time.
    let started = 0;
    for (const cell of cells) {
      try {
        players.set(keyOf(cell), await startPlayer(cell));
        started += 1;
      } catch (error) {
        // The others are to be tried all the same.
        players.set(keyOf(cell), () => Promise.reject(error));
      }
    }
    await server.connected(started);
    await publishWithFfmpeg(source, server.rtmpUrl('shown')).succeed();
  });

  it.for(titled(cellsOf('plays')))('%s by %s', async ([peer, , cell], test) => {
    requirePeer('ffmpeg', test);
    const program = programs[peer];
    if (program !== undefined) requirePeer(program, test);
    const check = players.get(keyOf(cell));
    if (check === undefined) throw new Error('it was not started');
    await check();
    worked.push(cell);
  });
});

describe('publishes', () => {
  const published = new Map<string, Promise<void>>();
  const nameOf = ({ peer, scheme }: Cell): string => `by-${peer}-${scheme}`;

  async function publish(cell: Cell): Promise<void> {
    const url = urlOf(cell.scheme, nameOf(cell));
    switch (cell.peer) {
      case 'ffmpeg':
        return publishWithFfmpeg(source, url).succeed();
      case 'ffmpeg8':
        return copyWithFfmpeg8(source, url, 'realtime').succeed();
      case 'gstreamer': {
        const tls = cell.scheme === 'rtmps' ? ' tls-validation-flags=0' : '';
        const pipeline = [
          `filesrc location=${source} ! flvdemux name=demux`,
          'demux.video ! queue ! h264parse ! identity sync=true ! mux.video',
          'demux.audio ! queue ! aacparse ! identity sync=true ! mux.audio',
          `flvmux name=mux streamable=true ! rtmp2sink location=${url}${tls}`,
        ].join(' ');
        return Program.start('gst-launch-1.0', ['-q', ...pipeline.split(' ')]).succeed();
      }
      case 'chromium': {
        const page = await openPage();
        await publishInPage(page, urlOf(cell.scheme, 'x').slice(0, -2), nameOf(cell), source);
        expect(page.complaints).toEqual([]);
        return page.close();
      }
      case 'client':
        return publishWithClient(url, source);
      case 'rtmpdump':
        throw new Error('rtmpdump only plays');
      default:
        return cell.peer satisfies never;
    }
  }

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    const cells = cellsOf('publishes').filter(
      ({ peer }) => hasPeer(peer) && (peer !== 'chromium' || browser !== undefined),
    );
    for (const cell of cells) {
      const done = publish(cell);
      // Whoever fails says so in its own test.
      done.catch(() => undefined);
      published.set(nameOf(cell), done);
    }
    await Promise.allSettled(published.values());
  });

  it.for(titled(cellsOf('publishes')))('%s by %s', async ([peer, , cell], test) => {
    requirePeer('ffmpeg', test);
    const program = programs[peer];
    if (program !== undefined) requirePeer(program, test);
    const done = published.get(nameOf(cell));
    if (done === undefined) throw new Error('it was not started');
    await done;
    const file = join(folder, 'live', `${nameOf(cell)}.flv`);
    await eventually('the recording is complete', () => existsSync(file));
    const received = await packetsOfFile(file);
    // GStreamer parses what it reads and muxes it anew: its times begin elsewhere.
    if (peer === 'gstreamer') {
      const hashes = (packets: readonly Packet[]): string[] => only('audio', packets).map(({ hash }) => hash);
      expect(hashes(received)).toEqual(hashes(sent));
      expect(only('video', received)).toHaveLength(only('video', sent).length);
    } else if (peer !== 'client' && cell.scheme.startsWith('rtmpt')) {
      // FFmpeg's tunnel drops what it has gathered since its last request (libavformat/rtmphttp.c, rtmp_http_close).
      expect(received.length).toBeGreaterThan(sent.length * 0.9);
      for (const kind of ['video', 'audio']) {
        const got = only(kind, received);
        expect(differenceFromSent(got, only(kind, sent).slice(0, got.length))).toBeUndefined();
      }
    } else expectPackets(received);
    worked.push(cell);
  });
});

describe('docs/interop.md', () => {
  it('says what has worked here', (test) => {
    for (const program of Object.values(programs)) if (program !== undefined) requirePeer(program, test);
    const text = readFileSync(document, 'utf8');
    if (process.env.MILLRACE_WRITE_DOCS === '1') {
      writeFileSync(
        document,
        text.replace(tablePattern, () => tableOf(worked, versionsOfPeers())),
      );
      return;
    }
    const table = tablePattern.exec(text)?.[0] ?? '';
    expect(withoutVersions(table)).toBe(tableOf(worked));
  });
});
