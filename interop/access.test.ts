import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaFile } from './harness/media.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { millraceCommand, TestServer } from './harness/server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ffmpeg says when it is refused: it ends by itself, with an error. */
async function refusalOf(publisher: Program): Promise<string> {
  const exit = await publisher.waitForExit(15_000);
  expect(exit.code).not.toBe(0);
  return publisher.stderr;
}

describe('user and password', () => {
  let server: TestServer;
  const url = (user: string, name: string) => server.rtmpUrl(name).replace('rtmp://', `rtmp://${user}@`);

  beforeAll(async () => {
    server = await TestServer.start({ settings: ['access.users={alice: "s3cret+:x", bob.b: other}'] });
  });

  it('ffmpeg publishes with them, more than once', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    for (const name of ['one', 'two', 'three']) {
      const publisher = publishWithFfmpeg(source, url(name === 'two' ? 'bob.b:other' : 'alice:s3cret+:x', name), {
        loop: true,
      });
      await server.published(name, (stream) => stream.bytesIn > 20_000);
      expect(publisher.exit).toBeUndefined();
    }
  });

  it.for(['alice:wrong', 'carol:s3cret'])('ffmpeg is refused with %s, and says why', async (user, test) => {
    requirePeer('ffmpeg', test);
    const stderr = await refusalOf(publishWithFfmpeg(await mediaFile('plain'), url(user, 'refused')));
    expect(stderr).toContain('Incorrect username/password');
    expect(stderr).toContain('?reason=authfailed');
    expect(await server.stream('refused')).toBeUndefined();
  });

  it('ffmpeg without any is told that they are needed', async (test) => {
    requirePeer('ffmpeg', test);
    const stderr = await refusalOf(publishWithFfmpeg(await mediaFile('plain'), server.rtmpUrl('refused')));
    expect(stderr).toContain('No credentials set');
    expect(stderr).toContain('code=403 need auth');
  });

  it('beside other kinds, ffmpeg is asked where its address says authmod=adobe', async (test) => {
    requirePeer('ffmpeg', test);
    const mixed = await TestServer.start({
      settings: ['access.users={alice: s3cret}', 'access.publishKeys={live/keyed: k3y}'],
    });
    const source = await mediaFile('plain');
    const address = `rtmp://alice:s3cret@127.0.0.1:${mixed.rtmpPort}/live`;
    publishWithFfmpeg(source, `${address}?authmod=adobe/asked`, { loop: true });
    publishWithFfmpeg(source, `${address}?authmod=adobe&user=alice/named`, { loop: true });
    publishWithFfmpeg(source, mixed.rtmpUrl('keyed?key=k3y'), { loop: true });
    for (const name of ['asked', 'named', 'keyed']) await mixed.published(name, (stream) => stream.bytesIn > 20_000);
    expect(await refusalOf(publishWithFfmpeg(source, mixed.rtmpUrl('other')))).toContain('Credentials are needed.');
  });
});

describe('publish keys', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ settings: ['access.publishKeys={live/studio: sk_abc, live/open: ""}'] });
  });

  it('ffmpeg publishes with the key, and with the key alone; players never see it', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    for (const written of ['studio?key=sk_abc', 'sk_abc']) {
      const publisher = publishWithFfmpeg(source, server.rtmpUrl(written), { loop: true });
      const stream = await server.published('studio', ({ bytesIn }) => bytesIn > 20_000);
      expect(JSON.stringify(await server.streams())).not.toContain('sk_abc');
      expect(stream.app).toBe('live');
      publisher.signal('SIGINT');
      await publisher.waitForExit();
      await server.gone('studio');
    }
    expect(server.program.stdout).not.toContain('sk_abc');
  });

  it.for(['studio', 'studio?key=wrong', 'elsewhere', 'sk_abd'])(
    'ffmpeg is refused %s, and says why',
    async (written, test) => {
      requirePeer('ffmpeg', test);
      const stderr = await refusalOf(publishWithFfmpeg(await mediaFile('plain'), server.rtmpUrl(written)));
      expect(stderr).toContain('Server error: The stream key is wrong or missing.');
    },
  );
});

describe('signed links', () => {
  const secret = '0123456789abcdef';
  let server: TestServer;
  let config: string;

  beforeAll(async () => {
    config = join(folder, 'millrace.yaml');
    writeFileSync(join(folder, 'secret'), `${secret}\n`);
    writeFileSync(config, `access:\n  urlSecret: file:${join(folder, 'secret')}\n`);
    server = await TestServer.start({ args: ['--config', config] });
  });

  async function sign(...args: readonly string[]): Promise<readonly string[]> {
    const program = Program.start(process.execPath, [millraceCommand, 'sign', '--config', config, ...args]);
    await program.succeed();
    return program.stdout.trim().split('\n');
  }

  it('made by millrace sign let ffmpeg publish, and rtmpdump and HTTP players watch', async (test) => {
    requirePeer('ffmpeg', test);
    const rtmpdump = requirePeer('rtmpdump', test);
    const source = await mediaFile('plain');
    const rtmpUrl = server.rtmpUrl('signed');
    const [publish = ''] = await sign('--for', 'publish', rtmpUrl);
    const [play = '', http = ''] = await sign(rtmpUrl, server.httpUrl('/live/signed.flv'));
    publishWithFfmpeg(source, publish, { loop: true });
    await server.published('signed', (stream) => stream.bytesIn > 20_000);

    const player = Program.start(rtmpdump, ['-q', '--live', '-r', play, '-o', '-']);
    await player.waitFor('media', () => (player.stdoutBytes.length > 20_000 ? true : undefined));
    const refused = Program.start(rtmpdump, ['--live', '-r', rtmpUrl, '-o', join(folder, 'none.flv')]);
    await refused.waitForExit();
    expect(refused.stderr).toContain('NetStream.Play.Failed');

    const answer = await fetch(http);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/x-flv']);
    await answer.body?.cancel();
    const without = await fetch(server.httpUrl('/live/signed.flv'));
    expect([without.status, await without.text()]).toEqual([401, expect.stringContaining('A signed link is needed.')]);
    // For publishers only, so no player's: and nobody learns whether there is such a stream.
    const publishers = server.httpUrl(`/live/signed.flv?${publish.split('?')[1]}`);
    const nothing = server.httpUrl('/live/nothing.flv?expires=1&sign=x');
    for (const url of [publishers, nothing]) {
      const wrong = await fetch(url);
      expect([wrong.status, await wrong.text()]).toEqual([
        401,
        expect.stringContaining('The signature of the link is wrong.'),
      ]);
    }
  });

  it('are refused to ffmpeg once they have expired', async (test) => {
    requirePeer('ffmpeg', test);
    // As docs/access.md has it.
    const signature = createHmac('sha256', secret).update('publish\n/live/late\n1\n').digest('base64url');
    const url = server.rtmpUrl(`late?expires=1&sign=${signature}`);
    expect(await refusalOf(publishWithFfmpeg(await mediaFile('plain'), url))).toContain(
      'Server error: The link has expired.',
    );
  });
});
