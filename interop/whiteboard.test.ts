import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { eventually } from './harness/deadline.js';
import { repository, TestServer } from './harness/server.js';

const picture = 'document.querySelector("canvas").toDataURL()';
const says = (text: string): string => `document.querySelector("#state").textContent === ${JSON.stringify(text)}`;

describe('examples/whiteboard in Chromium', () => {
  let browser: Browser | undefined;

  // In a hook that belongs to each test, because only a test can be skipped with a reason.
  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
  });
  afterAll(async () => browser?.close());

  async function start(stateDir: string): Promise<{ server: TestServer; open: () => Promise<BrowserPage> }> {
    const server = await TestServer.start({
      env: { WHITEBOARD_PORT: '0' },
      settings: [`state.dir=${stateDir}`],
      args: ['--app', join(repository, 'examples/whiteboard/app.js')],
    });
    const port = /The whiteboard is at http:\/\/localhost:(\d+)/.exec(server.program.stdout)?.[1];
    const open = async (): Promise<BrowserPage> => {
      if (!browser) throw new Error('the browser was not started');
      const page = await browser.page();
      const target = encodeURIComponent(server.wsUrl('/rtmp/whiteboard'));
      await page.open(`http://127.0.0.1:${port}/?server=${target}`);
      return page;
    };
    return { server, open };
  }

  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), 'millrace-whiteboard-'));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
  }

  it('shows two tabs that draw the same board, and keeps it', async () => {
    const stateDir = folder();
    const { server, open } = await start(stateDir);
    const [ann, bob] = [await open(), await open()];
    for (const page of [ann, bob]) await page.until(says('0 strokes'));
    const empty = await ann.evaluate(picture);
    await bob.evaluate('document.querySelector("#colors input:nth-of-type(2)").click()');
    await Promise.all([
      ann.drag([300, 200], [600, 500], [900, 200]),
      bob.drag([300, 500], [600, 250], [900, 500], [700, 600]),
    ]);
    for (const page of [ann, bob]) await page.until(says('2 strokes'));
    const same = async (): Promise<unknown> => {
      const pictures = await Promise.all([ann.evaluate(picture), bob.evaluate(picture)]);
      return pictures[0] === pictures[1] && pictures[0];
    };
    // The other's pointer is shown for two seconds.
    const both = await eventually('both boards are the same', same);
    expect(both).not.toBe(empty);
    await ann.screenshot('whiteboard');

    server.program.signal('SIGKILL');
    await server.program.waitForExit();
    await Promise.all([ann.close(), bob.close()]);
    const again = await start(stateDir);
    const eve = await again.open();
    await eve.until(says('2 strokes'));
    await eventually('the board is as it was', async () => (await eve.evaluate(picture)) === both);
    await eve.evaluate('document.querySelector("#clear").click()');
    await eve.until(says('0 strokes'));
    expect(await eve.evaluate(picture)).toBe(empty);
    expect([...ann.complaints, ...eve.complaints].filter((text) => !text.includes('WebSocket'))).toEqual([]);
  });
});
