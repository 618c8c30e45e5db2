import { describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { startObs } from './harness/obs.js';
import { only, probedPackets, startProbe } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { TestServer } from './harness/server.js';

describe('OBS', () => {
  it('publishes, is described, is played from a key frame on, and its end is passed on', async (test) => {
    requirePeer('ffprobe', test);
    const server = await TestServer.start();
    const url = server.rtmpUrl('obs');
    const waiting = startProbe(url);
    await server.connected(1);
    const obs = await startObs({ server: url.slice(0, url.lastIndexOf('/')), key: 'obs' }, test);
    // Software rendering on a busy machine takes its time to start.
    await waiting.waitFor('packet', () => probedPackets(waiting).find((packet) => packet.media === 'video'), 60_000);
    const stream = await server.published('obs', ({ video, audio }) => video !== null && audio !== null);
    expect(stream).toMatchObject({ video: { codec: 'H.264', width: 320, height: 180 }, audio: { codec: 'AAC' } });

    const late = startProbe(url);
    await late.waitFor('two seconds of video', () =>
      only('video', probedPackets(late)).length > 60 ? true : undefined,
    );
    expect(only('video', probedPackets(late))[0]?.isKey).toBe(true);

    // OBS asks on its screen before it stops a running stream, so it goes without a goodbye.
    obs.signal('SIGKILL');
    await server.gone('obs');
    await waiting.waitForExit();
    await late.waitForExit();
    const all = only('video', probedPackets(waiting));
    const lateVideo = only('video', probedPackets(late));
    // The late player has a tail of what the first one has, packet by packet.
    expect(all.slice(-lateVideo.length).map(({ dts, hash }) => ({ dts, hash }))).toEqual(
      lateVideo.map(({ dts, hash }) => ({ dts, hash })),
    );
    const times = all.map((packet) => packet.dts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it.for([
    ['access.users={alice: s3cret}', ''],
    ['access.publishKeys={live/other: k3y}', '?authmod=adobe&user=alice'],
  ] as const)('publishes with user and password (%s, live%s)', async ([setting, query], test) => {
    const server = await TestServer.start({ settings: ['access.users={alice: s3cret}', setting] });
    const address = server.rtmpUrl('').replace(/\/$/, query);
    const login = { username: 'alice', password: 's3cret' };
    await startObs({ server: address, key: 'obs', login }, test);
    await eventually('OBS publishes', async () => ((await server.stream('obs'))?.bytesIn ?? 0) > 20_000, 60_000);
  });
});
