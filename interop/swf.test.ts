import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { identifySwf } from '@millrace/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashedPackets, hashingPlayerArgs, only, type Packet, packetsOfFile } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { repository, TestServer } from './harness/server.js';

// What a player does means nothing: nobody looks further than the header.
const content = Buffer.from('millrace '.repeat(5000));
const plain = Buffer.concat([Buffer.from('FWS\u000a'), Buffer.alloc(4), content]);
plain.writeUInt32LE(plain.length, 4);
const compressed = Buffer.concat([Buffer.from('C'), plain.subarray(1, 8), deflateSync(content)]);

const identity = identifySwf(compressed);
const size = String(identity.size);
const hash = Buffer.from(identity.hash).toString('hex');
const wrongHash = Buffer.from(identity.hash.toReversed()).toString('hex');

// A recording is played, for it ends by itself.
describe('SWF verification', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-swf-'));
  const file = (base: string): string => join(folder, base);
  const demo = join(repository, 'packages/server/assets/demo.flv');
  const web = createServer((_request, response) => void response.end(compressed));
  let swfUrl: string;
  let server: TestServer;
  let whole: Packet[];

  beforeAll(async () => {
    mkdirSync(file('media/live'), { recursive: true });
    copyFileSync(demo, file('media/live/demo.flv'));
    writeFileSync(file('player.swf'), compressed);
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const address = web.address();
    swfUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/player.swf`;
    const settings = [`media.dir=${file('media')}`, `access.swf=${file('player.swf')}`];
    server = await TestServer.start({ settings: [...settings, 'limits.handshakeTimeoutMs=1000'] });
    if (findPeer('ffprobe')) whole = await packetsOfFile(demo);
  });

  afterAll(() => {
    web.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const urlOf = (scheme: string): string => server.rtmpUrl('demo').replace('rtmp:', `${scheme}:`);
  /** It keeps what it has found out about players in its home. */
  const rtmpdump = (path: string, scheme: string, args: readonly string[]): Program =>
    Program.start(path, ['-r', urlOf(scheme), '-o', file(`${scheme}.flv`), ...args], { env: { HOME: folder } });

  it.for(
    ['rtmp', 'rtmpe', 'rtmpt', 'rtmpte'].flatMap((scheme) => [
      [scheme, 'hash'],
      [scheme, 'file'],
    ]),
  )('rtmpdump answers by %s, given its %s', async ([scheme = '', way], test) => {
    requirePeer('ffprobe', test);
    const path = requirePeer('rtmpdump', test);
    const given = way === 'file' ? ['--swfVfy', swfUrl] : ['--swfhash', hash, '--swfsize', size];
    await rtmpdump(path, scheme, given).succeed();
    expect(await packetsOfFile(file(`${scheme}.flv`))).toEqual(whole);
  });

  it.for([
    ['rtmp', 'another hash', ['--swfhash', wrongHash, '--swfsize', size]],
    ['rtmp', 'another size', ['--swfhash', hash, '--swfsize', '1']],
    ['rtmp', 'nothing', []],
    ['rtmpe', 'another hash', ['--swfhash', wrongHash, '--swfsize', size]],
    ['rtmpe', 'nothing', []],
  ] as const)('rtmpdump by %s with %s is refused', async ([scheme, _given, args], test) => {
    const before = server.log.length;
    const program = rtmpdump(requirePeer('rtmpdump', test), scheme, args);
    expect((await program.waitForExit(15_000)).code).toBe(1);
    const code = args.length === 0 ? 'ERR_RTMP_TIMEOUT_SWF' : 'ERR_RTMP_SWF_VERIFICATION';
    await server.program.waitFor(code, () => server.log.slice(before).find((entry) => entry.code === code));
  });

  it.for([
    ['hash', (): string[] => ['-rtmp_swfhash', hash, '-rtmp_swfsize', size]],
    ['file', (): string[] => ['-rtmp_swfverify', swfUrl]],
  ] as const)('ffmpeg answers, given its %s', async ([_way, given], test) => {
    requirePeer('ffprobe', test);
    const args = hashingPlayerArgs(urlOf('rtmp'));
    const program = Program.start(requirePeer('ffmpeg', test), args.toSpliced(args.indexOf('-i'), 0, ...given()));
    await program.succeed();
    for (const media of ['audio', 'video']) {
      const hashes = (packets: Packet[]): string[] => only(media, packets).map((packet) => packet.hash);
      expect(hashes(hashedPackets(program.stdout))).toEqual(hashes(whole));
    }
  });
});
