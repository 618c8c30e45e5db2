import { NetConnection, SharedObject } from '@millrace/client';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { TestServer } from './harness/server.js';

const says = (text: string): string => `document.body.innerText.includes(${JSON.stringify(text)})`;
const row = (name: string): string =>
  `[...document.querySelectorAll(".slots tbody tr")].find((row) => row.cells[0].textContent === ${JSON.stringify(name)})`;
const slotIs = (name: string, text: string): string =>
  `${row(name)}?.querySelector("code").textContent === ${JSON.stringify(text)}`;
const selected = 'document.querySelector("[role=tab][aria-selected=true]").textContent';

describe('the shared objects of the page in Chromium', () => {
  let browser: Browser | undefined;

  // In a hook that belongs to each test, because only a test can be skipped with a reason.
  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
  });
  afterAll(async () => browser?.close());

  async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1280): Promise<BrowserPage> {
    if (!browser) throw new Error('the browser was not started');
    const page = await browser.page(colorScheme, width);
    await page.open(url);
    return page;
  }

  async function use(server: TestServer, app: string, name: string, persistent = false): Promise<SharedObject> {
    const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.rtmpPort}/${app}`, {
      appSegments: app.split('/').length,
    });
    onTestFinished(() => connection.close());
    return SharedObject.getRemote(name, connection, { persistent });
  }

  it('says what a shared object is where there is none', async () => {
    const server = await TestServer.start();
    const page = await open(server.httpUrl('/'));
    await page.until(`${selected} === "Streams"`);
    const press = (key: string): string =>
      `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "${key}", bubbles: true, cancelable: true }))`;
    await page.evaluate('document.querySelector("[role=tab]").focus()');
    await page.evaluate(press('ArrowRight'));
    await page.until(`${selected} === "Recordings" && document.activeElement.textContent === "Recordings"`);
    await page.evaluate(press('ArrowRight'));
    await page.until(`${selected} === "Shared objects" && document.activeElement.textContent === "Shared objects"`);
    await page.until(says('A shared object is a set of named slots'));
    expect(await page.evaluate(says('ffmpeg'))).toBe(false);
    await page.screenshot('page-objects-empty');
    await page.evaluate(press('ArrowRight'));
    await page.until(`${selected} === "Streams" && ${says('ffmpeg')}`);
    expect(page.complaints).toEqual([]);
  });

  it('shows what another client changes', async () => {
    const server = await TestServer.start();
    const board = await use(server, 'chat/room1', 'board', true);
    const other = await use(server, 'live', 'score');
    board.set('title', '<b>Plans</b>');
    board.set('size', { width: 1600, height: 900 });
    for (let at = 1; at <= 12; at += 1)
      board.set(`stroke${at}`, { color: '#1f6feb', points: '10,20 30,40 '.repeat(at * 4) });
    other.set('home', 1);

    const page = await open(server.httpUrl('/#objects'));
    await page.until(slotIs('title', '"<b>Plans</b>"'));
    await page.until(slotIs('size', '{ "width": 1600, "height": 900 }'));
    expect(await page.evaluate(`${row('stroke12')}.cells[1].title.length > 160`)).toBe(true);
    await page.screenshot('page-objects-light');

    board.set('title', 'Ships');
    board.delete('size');
    await page.until(`${slotIs('title', '"Ships"')} && ${row('size')} === undefined`);
    expect(await page.evaluate(`${row('title')}.classList.contains("is-changed")`)).toBe(true);

    await page.evaluate('document.querySelector(".object-list a[href$=score]").click()');
    await page.until(slotIs('home', '1'));
    other.set('home', 2);
    await page.until(slotIs('home', '2'));
    other.close();
    await page.until(says('Nobody uses this shared object now.'));
    await page.screenshot('page-objects-gone');
    expect(page.complaints).toEqual([]);

    const narrow = await open(server.httpUrl('/#objects/chat%2Froom1/board'), 'dark', 390);
    await narrow.until(slotIs('title', '"Ships"'));
    await narrow.screenshot('page-objects-narrow-dark');
    expect(await narrow.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(narrow.complaints).toEqual([]);
  });

  it('plays no stream to those who came for shared objects', async () => {
    const server = await TestServer.start({ args: ['--demo'] });
    const [stream] = await server.streams();
    const { name } = stream ?? (await server.published('demo'));
    const page = await open(server.httpUrl('/#objects'));
    await page.until(says('No shared object is in use'));
    expect(await page.evaluate('document.querySelector("video")?.readyState ?? 0')).toBe(0);
    await server.published(name, ({ viewers }) => viewers.total === 0);
    await page.evaluate('document.querySelector("#tab-streams").click()');
    await server.published(name, ({ viewers }) => viewers.total === 1);
    await page.until('document.querySelector("video").currentTime > 0');
    // What plays goes on while the other tab is looked at.
    await page.evaluate('document.querySelector("#tab-objects").click()');
    await page.until(`${selected} === "Shared objects"`);
    const before = Number(await page.evaluate('document.querySelector("video").currentTime'));
    await page.until(`document.querySelector("video").currentTime > ${before + 1}`);
    expect(page.complaints).toEqual([]);
  });
});
