import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser } from './harness/browser.js';
import { mediaFile } from './harness/media.js';
import { requirePeer } from './harness/peers.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

const position = 'document.querySelector("video").currentTime';
const isPlaying = `document.querySelector("video")?.readyState >= 3 && ${position} > 0`;

describe('the page in Chromium', () => {
  let browser: Browser | undefined;

  // In a hook that belongs to each test, because only a test can be skipped with a reason.
  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
  });
  afterAll(async () => browser?.close());

  async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1280) {
    if (!browser) throw new Error('the browser was not started');
    const page = await browser.page(colorScheme, width);
    await page.open(url);
    return page;
  }

  it('says how to publish while nothing is published', async () => {
    const server = await TestServer.start();
    for (const scheme of ['light', 'dark'] as const) {
      const page = await open(server.httpUrl('/'), scheme);
      await page.until(`document.body.innerText.includes("ffmpeg") && document.body.innerText.includes("OBS")`);
      const text = await page.text();
      expect(text).toContain(`rtmp://127.0.0.1:${server.rtmpPort}/live`);
      await page.screenshot(`page-empty-${scheme}`);
      expect(page.complaints).toEqual([]);
      await page.close();
    }
  });

  it.for(['http', 'websocket'])('plays what ffmpeg publishes, over %s', async (transport, test) => {
    requirePeer('ffmpeg', test);
    const server = await TestServer.start();
    const publisher = publishWithFfmpeg(await mediaFile('bFrames'), server.rtmpUrl('show'), { loop: true });
    await server.published('show');
    const page = await open(server.httpUrl('/'));
    if (transport === 'websocket') {
      await page.evaluate('localStorage.setItem("millrace.transport", "websocket")');
      await page.open('about:blank');
    }
    await page.open(server.httpUrl('/#/live/show'));
    await page.until(isPlaying);
    const before = Number(await page.evaluate(position));
    await page.until(`${position} > ${before + 2}`);
    await server.published('show', ({ viewers }) => (transport === 'http' ? viewers.httpFlv : viewers.wsFlv) === 1);
    expect(await page.evaluate('document.querySelector("video").videoWidth')).toBe(320);
    expect(await page.evaluate('document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 30')).toBe(
      true,
    );
    await page.until(`document.body.innerText.includes("H.264")`);
    await page.screenshot(`page-playing-${transport}`);
    expect(page.complaints).toEqual([]);
    expect(publisher.exit).toBeUndefined();
    await page.close();
    await server.published('show', ({ viewers }) => viewers.total === 0);
  });

  it('notices that a stream began and plays it by itself, and that it ended', async (test) => {
    requirePeer('ffmpeg', test);
    const server = await TestServer.start();
    const page = await open(server.httpUrl('/'), 'dark', 420);
    await page.until('document.body.innerText.includes("ffmpeg")');
    const publisher = publishWithFfmpeg(await mediaFile('plain'), server.rtmpUrl('later'), { loop: true });
    await page.until(isPlaying);
    await page.screenshot('page-playing-narrow-dark');
    await publisher.end();
    await server.gone('later');
    await page.until('!document.body.innerText.includes("H.264")');
    await page.close();
  });

  it('plays the demo stream of "millrace serve --demo"', async () => {
    const server = await TestServer.start({ args: ['--demo'] });
    const [stream] = await server.streams();
    const { path } = stream ?? (await server.published('demo'));
    const page = await open(server.httpUrl(`/#${path}`));
    await page.until(isPlaying);
    const before = Number(await page.evaluate(position));
    await page.until(`${position} > ${before + 2}`);
    await page.screenshot('page-demo');
    expect(page.complaints).toEqual([]);
    await page.close();
  });
});
