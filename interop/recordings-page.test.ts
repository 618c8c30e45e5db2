import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { mediaFile } from './harness/media.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

const says = (text: string): string => `document.body.innerText.includes(${JSON.stringify(text)})`;
const inPanel = (selector: string): string => `document.querySelector("#panel-recordings ${selector}")`;
const video = inPanel('video');
const position = `${video}.currentTime`;
const rows = '[...document.querySelectorAll(".recording-list .row-name")].map((row) => row.textContent).join(" ")';
const place = `${inPanel('.seek-time')}.textContent`;
const frames = `${video}.getVideoPlaybackQuality().totalVideoFrames`;
const click = (selector: string): string => `${inPanel(selector)}.click()`;
/** How many were made for addresses with this in them. */
const requests = (text: string): string =>
  `performance.getEntriesByType("resource").filter(({ name }) => name.includes(${JSON.stringify(text)})).length`;
/** As a hand does that lets the bar go at this place. */
const seekTo = (seconds: number): string =>
  `(() => { const bar = ${inPanel('.seek')}; bar.value = ${seconds};
    for (const type of ["input", "change"]) bar.dispatchEvent(new Event(type, { bubbles: true })); })()`;
/** Seconds of the recording that are shown, whatever stands at 0 in the video element. */
const shownAt = `${place}.split(" / ")[0].split(":").reduce((sum, part) => sum * 60 + Number(part), 0)`;

describe('the recordings of the page in Chromium', () => {
  let browser: Browser | undefined;

  // In a hook that belongs to each test, because only a test can be skipped with a reason.
  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
    requirePeer('ffmpeg', test);
  });
  afterAll(async () => browser?.close());

  function mediaDir(): string {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-recordings-page-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'live'));
    return folder;
  }

  async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1280): Promise<BrowserPage> {
    if (!browser) throw new Error('the browser was not started');
    const page = await browser.page(colorScheme, width);
    await page.open(url);
    return page;
  }

  /** Minutes of picture and sound, packets unchanged. */
  async function longFile(target: string, ...args: readonly string[]): Promise<void> {
    const input = ['-stream_loop', '79', '-i', await mediaFile('plain')];
    const ffmpeg = Program.start('ffmpeg', [
      '-v',
      'error',
      '-nostdin',
      '-y',
      ...input,
      '-c',
      'copy',
      '-t',
      '120',
      ...args,
      target,
    ]);
    expect(await ffmpeg.exited).toMatchObject({ code: 0 });
  }

  async function plays(page: BrowserPage): Promise<void> {
    await page.until(`${video}.readyState >= 3 && !${video}.paused`);
    const [from, shown] = [Number(await page.evaluate(position)), Number(await page.evaluate(frames))];
    await page.until(`${position} > ${from + 0.7} && ${frames} > ${shown + 10}`);
  }

  async function seeks(page: BrowserPage, seconds: number): Promise<void> {
    await page.evaluate(seekTo(seconds));
    await page.until(`${shownAt} >= ${seconds - 2} && ${shownAt} <= ${seconds + 5} && !${video}.seeking`);
    await plays(page);
    expect(Number(await page.evaluate(shownAt))).toBeLessThan(seconds + 12);
  }

  it('says how to record where there is none', async () => {
    const server = await TestServer.start();
    const page = await open(server.httpUrl('/#recordings'));
    await page.until(says('Nothing is recorded yet'));
    await page.screenshot('page-recordings-empty');
    const narrow = await open(server.httpUrl('/#recordings'), 'dark', 390);
    await narrow.until(says('record.streams=live/*'));
    expect(await narrow.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(page.complaints).toEqual([]);
  });

  it('lists what ffmpeg has the server record, plays it and goes to a place in it', async () => {
    const server = await TestServer.start({ settings: ['record.streams=live/*'] });
    const page = await open(server.httpUrl('/#recordings'));
    const publisher = publishWithFfmpeg(await mediaFile('bFrames'), server.rtmpUrl('show'));
    await page.until(`${says('live/show-')} && ${inPanel('[data-state=recording]')} !== null`);
    await publisher.exited;
    await page.until(`${inPanel('[data-state=recording]')} === null && ${says('0:06')}`);
    expect(await page.evaluate(video.concat('.readyState'))).toBe(0);
    await page.evaluate(click('.big-play'));
    await plays(page);
    await page.evaluate(seekTo(4));
    await page.until(`${position} >= 4 && !${video}.seeking`);
    await page.until(`${video}.ended`);
    await page.until(`${place} === "0:06 / 0:06"`);
    expect((await server.info()).recordingViewers.httpFlv).toBe(0);
    expect(page.complaints).toEqual([]);
  });

  it.for(['indexed.flv', 'plain.flv', 'film.mp4'])('goes anywhere in %s', async (name) => {
    const folder = mediaDir();
    const flags = {
      'indexed.flv': ['-flvflags', 'add_keyframe_index'],
      'film.mp4': ['-movflags', '+faststart'],
    }[name];
    await longFile(join(folder, 'live', name), ...(flags ?? []));
    const server = await TestServer.start({ settings: [`media.dir=${folder}`] });
    const page = await open(server.httpUrl(`/#recordings/live/${name}`));
    await page.until(`${says('2:00')} && ${says('H.264')}`);
    await page.evaluate(click('.big-play'));
    await plays(page);
    for (const seconds of [100, 20, 103, 60, 0]) await seeks(page, seconds);
    await page.screenshot(`page-recording-${name}`);
    expect(page.complaints).toEqual([]);
  });

  it('begins where the bar was moved to before it plays', async () => {
    const folder = mediaDir();
    await longFile(join(folder, 'live/indexed.flv'), '-flvflags', 'add_keyframe_index');
    await longFile(join(folder, 'live/plain.flv'));
    const server = await TestServer.start({ settings: [`media.dir=${folder}`] });
    for (const name of ['indexed', 'plain']) {
      const page = await open(server.httpUrl(`/#recordings/live/${name}.flv`));
      await page.until(`${says('2:00')} && ${inPanel('.seek')}.disabled === false`);
      for (const seconds of [90, 20, 110]) await seeks(page, seconds);
      if (name === 'plain') expect(Number(await page.evaluate(requests('.flv?start=')))).toBeGreaterThan(0);
      expect(page.complaints).toEqual([]);
      await page.close();
    }
  });

  it('goes on where it has not fetched further ahead', async () => {
    const folder = mediaDir();
    await longFile(join(folder, 'live/plain.flv'), '-t', '420');
    const server = await TestServer.start({ settings: [`media.dir=${folder}`] });
    const page = await open(server.httpUrl('/#recordings/live/plain.flv'));
    await page.until(`${says('7:00')} && ${inPanel('.seek')}.disabled === false`);
    await seeks(page, 60);
    // Two minutes ahead is where it stops.
    const ahead = `(() => { const { buffered } = ${video}; return buffered.end(buffered.length - 1); })()`;
    await page.until(`${ahead} > 100`);
    await seeks(page, 60 + Math.floor(Number(await page.evaluate(ahead))) - 5);
    await page.until(`${requests('.flv?start=')} === 2`);
    await plays(page);
    expect(Number(await page.evaluate(shownAt))).toBeGreaterThan(150);
    expect(page.complaints).toEqual([]);
  });

  it('shows what was said during a recording, where it is played', async () => {
    const folder = mediaDir();
    await longFile(join(folder, 'live/talk.flv'), '-flvflags', 'add_keyframe_index');
    const header = {
      ...{ version: 0, transimitType: 0, serviceType: 0, priority: 4, abandon: true, messageID: 'm', networkID: 'n' },
    };
    const lines = [0.2, 1, 59, 60, 61, 62, 100].map((seconds) => {
      const said = { userID: 'ann', userLevel: '', deviceType: 0, roomID: 'talk', timeStamp: 1, danmuType: 0 };
      const content = { ...said, content: `<b>said at ${seconds}</b>` };
      return `${JSON.stringify({ mediaTimeMs: seconds * 1000, receivedAtMs: 1, header, content })}\n`;
    });
    writeFileSync(join(folder, 'live/talk.danmu.jsonl'), lines.join(''));
    const server = await TestServer.start({ settings: [`media.dir=${folder}`] });
    const page = await open(server.httpUrl('/#recordings/live/talk.flv'));
    const toggle = inPanel('.danmu-toggle');
    const lineOf = (seconds: number): string => says(`ann <b>said at ${seconds}</b>`);
    await page.until(`${toggle}.offsetParent !== null`);
    await page.evaluate(click('.big-play'));
    await page.until(
      `${lineOf(0.2)} && ${lineOf(1)} && ${inPanel('.danmu-layer')}.textContent.includes("<b>said at 1</b>")`,
    );
    await seeks(page, 59.5);
    await page.until(`${lineOf(60)} && ${lineOf(61)} && ${lineOf(62)}`);
    expect(await page.evaluate(lineOf(1))).toBe(false);
    expect(await page.evaluate(lineOf(100))).toBe(false);
    await page.screenshot('page-recording-danmu');
    await page.evaluate(`${toggle}.click()`);
    expect(await page.evaluate(lineOf(62))).toBe(false);
    const bar = inPanel('.seek');
    const from = Number(await page.evaluate(shownAt));
    await page.evaluate(`${bar}.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }))`);
    await page.until(`${shownAt} >= ${from + 5}`);
    expect(page.complaints).toEqual([]);
  });

  it('says what a browser lacks to play a file', async () => {
    const folder = mediaDir();
    const made = Program.start('ffmpeg', [
      ...['-v', 'error', '-nostdin', '-y', '-i', await mediaFile('plain'), '-t', '2', '-c:v', 'libx265'],
      ...['-preset', 'ultrafast', '-x265-params', 'log-level=none', '-tag:v', 'hvc1', '-c:a', 'copy'],
      join(folder, 'live/hevc.mp4'),
    ]);
    expect(await made.exited).toMatchObject({ code: 0 });
    const server = await TestServer.start({ settings: [`media.dir=${folder}`] });
    const page = await open(server.httpUrl('/#recordings/live/hevc.mp4'));
    await page.until(says('HEVC'));
    await page.evaluate(click('.big-play'));
    await page.until(`${video}.readyState >= 3`);
    const plays = await page.evaluate(`${video}.canPlayType('video/mp4; codecs="hvc1.1.6.L93.B0"') !== ""`);
    expect(await page.evaluate(says('cannot play HEVC video: the sound plays without a picture'))).toBe(!plays);
    expect(page.complaints).toEqual([]);
  });

  it('is turned over, searched and deleted from', async () => {
    const folder = mediaDir();
    const sample = await mediaFile('plain');
    for (let i = 0; i < 120; i += 1) copyFileSync(sample, join(folder, `live/cam-${String(i).padStart(3, '0')}.flv`));
    mkdirSync(join(folder, 'films'));
    copyFileSync(sample, join(folder, 'films/<b>summer ü.flv'));
    truncateSync(join(folder, 'films/<b>summer ü.flv'), 200_000);
    writeFileSync(join(folder, 'films/broken.flv'), 'this is no FLV file');
    const server = await TestServer.start({ settings: [`media.dir=${folder}`, 'access.apiFrom=127.0.0.1'] });
    const page = await open(server.httpUrl('/#recordings'));
    await page.until(`${says('1–50 of 122')} && ${says('It is no FLV file.')}`);
    await page.screenshot('page-recordings-light');
    await page.evaluate(click('.pager button:last-child'));
    await page.until(says('51–100 of 122'));
    await page.evaluate(`(() => { const search = ${inPanel('.search')}; search.value = "SUMMER";
      search.dispatchEvent(new Event("input")); })()`);
    await page.until(`${rows} === "films/<b>summer ü.flv"`);
    await page.evaluate('document.querySelector(".recording-list a").click()');
    await page.until(`${inPanel('.player-title')}.textContent === "films/<b>summer ü.flv"`);
    await page.until(says('It does not end with a whole tag'));
    await page.evaluate(click('.big-play'));
    await plays(page);
    await page.evaluate('document.querySelector(".recording-about .action-danger").click()');
    await page.until(says('Delete this recording?'));
    await page.screenshot('page-recordings-delete');
    await page.evaluate('document.querySelector("dialog .action-danger").click()');
    await page.until(`${says('No recording has that in its name.')} && ${says('is not there any more')}`);
    expect(existsSync(join(folder, 'films/<b>summer ü.flv'))).toBe(false);
    // A recording that is not there answers 404, which Chromium writes down.
    expect(page.complaints.filter((text) => !text.includes('404'))).toEqual([]);

    const narrow = await open(server.httpUrl('/#recordings/live/cam-007.flv'), 'dark', 390);
    await narrow.until(`${says('1–50 of')} && ${says('cam-007.flv')}`);
    await narrow.evaluate(click('.big-play'));
    await plays(narrow);
    await narrow.screenshot('page-recordings-narrow-dark');
    expect(await narrow.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(narrow.complaints).toEqual([]);
  });
});
