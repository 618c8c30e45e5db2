import { readFile } from 'node:fs/promises';
import { type Latency, LatencyMeter, NetConnection, publishFlv, type ServiceStream } from '@millrace/client';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { mediaFile } from './harness/media.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { millraceCommand, TestServer } from './harness/server.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function connect(url: string): Promise<NetConnection> {
  const connection = await NetConnection.connect(url);
  closers.push(() => connection.close());
  return connection;
}

/** A member that remembers what it heard. */
class Member {
  readonly heard: string[] = [];
  readonly room: ServiceStream;
  #changed: () => void = () => {};

  private constructor(room: ServiceStream) {
    this.room = room;
    // A test that ends the server on purpose has no more to hear.
    this.#listen().catch(() => undefined);
  }

  static async join(server: TestServer, userId: string): Promise<Member> {
    const connection = await connect(server.rtmpUrl('show'));
    return new Member(await connection.serve('show', { sender: { userId } }));
  }

  async until(count: number): Promise<void> {
    while (this.heard.length < count) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async #listen(): Promise<void> {
    for await (const event of this.room) {
      if (event.type === 'danmu') this.heard.push(`${event.danmu.userId} ${event.danmu.content}`);
      this.#changed();
    }
  }
}

const lines = '[...document.querySelectorAll(".danmu-lines li")].map((line) => line.textContent)';

describe('danmu in Chromium', () => {
  let browser: Browser | undefined;

  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
  });
  afterAll(async () => browser?.close());

  async function tab(server: TestServer, name: string, width = 1280): Promise<BrowserPage> {
    if (!browser) throw new Error('the browser was not started');
    const page = await browser.page('light', width);
    closers.push(() => page.close());
    await page.open(server.httpUrl('/'));
    await page.evaluate(`localStorage.setItem("millrace.danmuName", ${JSON.stringify(name)})`);
    await page.open('about:blank');
    await page.open(server.httpUrl('/#/live/show'));
    await page.until('document.querySelector(".danmu").dataset.state === "open"');
    return page;
  }

  async function say(page: BrowserPage, text: string): Promise<void> {
    await page.evaluate(
      `(() => { const box = document.querySelector(".danmu-text"); box.value = ${JSON.stringify(text)}; box.form.requestSubmit(); })()`,
    );
  }

  it('two RTMP clients and two tabs share a room: all see everything, in order, once', async () => {
    const server = await TestServer.start();
    const members = [await Member.join(server, 'alice'), await Member.join(server, 'bob')] as const;
    const tabs = [await tab(server, 'carol'), await tab(server, 'dave', 400)] as const;
    const [alice, bob] = members;
    const rounds = 5;
    for (let i = 0; i < rounds; i += 1) {
      alice.room.danmu(`<b>${i}</b>`);
      await say(tabs[0], `hello ${i}`);
      bob.room.danmu(`你好 ${i}`);
      await say(tabs[1], `hi ${i}`);
    }
    const said = (user: string, text: (i: number) => string) =>
      Array.from({ length: rounds }, (_, i) => `${user} ${text(i)}`);
    const all = {
      alice: said('alice', (i) => `<b>${i}</b>`),
      bob: said('bob', (i) => `你好 ${i}`),
      carol: said('carol', (i) => `hello ${i}`),
      dave: said('dave', (i) => `hi ${i}`),
    };
    const total = 4 * rounds;
    for (const member of members) await member.until(total - rounds);
    for (const page of tabs) await page.until(`${lines}.length === ${total}`);
    await tabs[0].screenshot('danmu');
    await tabs[1].screenshot('danmu-narrow');
    const seen: Record<string, readonly string[]> = {
      alice: [...all.alice, ...alice.heard],
      bob: [...all.bob, ...bob.heard],
      carol: (await tabs[0].evaluate(lines)) as string[],
      dave: (await tabs[1].evaluate(lines)) as string[],
    };
    for (const [who, texts] of Object.entries(seen)) {
      expect(texts, who).toHaveLength(total);
      for (const [user, own] of Object.entries(all)) {
        expect(
          texts.filter((text) => text.startsWith(`${user} `)),
          `${who} of ${user}`,
        ).toEqual(own);
      }
    }
    for (const page of tabs) {
      expect(await page.evaluate('document.querySelector(".danmu-lines b, .danmu-stage b")')).toBe(null);
      expect(page.complaints).toEqual([]);
    }
  });

  it('comes back after the server was away', async () => {
    const server = await TestServer.start();
    const alice = await Member.join(server, 'alice');
    const page = await tab(server, 'carol');
    alice.room.danmu('before');
    await page.until(`${lines}.length === 1`);
    const { httpPort, rtmpPort } = server;
    await server.stop();
    await page.until('document.querySelector(".danmu").dataset.state === "retrying"');
    const settings = [`http.listen=127.0.0.1:${httpPort}`, `rtmp.listen=127.0.0.1:${rtmpPort}`];
    const again = await TestServer.start({ settings });
    await page.until('document.querySelector(".danmu").dataset.state === "open"', 40_000);
    const bob = await Member.join(again, 'bob');
    bob.room.danmu('after');
    await page.until(`${lines}.length === 2`);
    expect(await page.evaluate(lines)).toEqual(['alice before', 'bob after']);
  });

  it('can be switched off, and stays so', async () => {
    const server = await TestServer.start();
    const page = await tab(server, 'carol');
    const alice = await Member.join(server, 'alice');
    await page.evaluate('document.querySelector(".danmu-toggle").click()');
    await page.until('document.querySelector(".danmu").dataset.state === "closed"');
    await page.open('about:blank');
    await page.open(server.httpUrl('/#/live/show'));
    await page.until('document.querySelector(".danmu-toggle")?.getAttribute("aria-pressed") === "false"');
    expect(await page.evaluate('document.querySelector(".danmu-form").hidden')).toBe(true);
    alice.room.danmu('for those who listen');
    await page.evaluate('document.querySelector(".danmu-toggle").click()');
    // It was said while nobody listened: the room remembers.
    await page.until(`${lines}.length === 1`);
    expect(await page.evaluate('localStorage.getItem("millrace.danmu")')).toBe(null);
  });

  it('says why a stream cannot be watched, and passes the query of the page on', async (test) => {
    requirePeer('ffmpeg', test);
    const secret = '0123456789abcdef';
    const access = ['--set', `access.urlSecret=${secret}`, '--set', 'access.urlFor=play'];
    const server = await TestServer.start({ args: access });
    const publisher = await (await connect(server.rtmpUrl(''))).createStream();
    await publisher.publish('show');
    const stopping = new AbortController();
    const publishing = publishFlv(publisher, await readFile(await mediaFile('plain')), {
      ...{ loop: true, signal: stopping.signal },
    });
    closers.push(async () => {
      stopping.abort();
      await publishing;
    });
    await server.published('show', ({ video }) => video !== null);
    if (!browser) throw new Error('the browser was not started');
    for (const transport of ['http', 'websocket']) {
      const page = await browser.page();
      closers.push(() => page.close());
      await page.open(server.httpUrl('/'));
      await page.evaluate(`localStorage.setItem("millrace.transport", "${transport}")`);
      await page.open('about:blank');
      await page.open(server.httpUrl('/#/live/show'));
      await page.until('document.body.innerText.includes("You cannot watch live/show")');
      await page.until('document.querySelector(".danmu-notice").textContent !== ""');
      await page.screenshot(`page-refused-${transport}`);

      const sign = Program.start(process.execPath, [
        millraceCommand,
        'sign',
        server.httpUrl('/live/show.flv'),
        ...access.slice(0, 2),
      ]);
      expect(await sign.waitForExit(10_000)).toMatchObject({ code: 0 });
      const query = /\?(\S+)/.exec(sign.stdout)?.[1] ?? '';
      await page.open('about:blank');
      await page.open(server.httpUrl(`/?${query}#/live/show`));
      await page.until('document.querySelector("video")?.currentTime > 0');
      await page.until('document.querySelector(".danmu").dataset.state === "open"');
    }
  });
});

describe('latency', () => {
  it.each([0, 3] as const)(
    'is the same by all three ways, through a server (object encoding %s)',
    async (objectEncoding) => {
      const server = await TestServer.start();
      const file = await readFile(await mediaFile('plain'));
      const publisher = await NetConnection.connect(server.rtmpUrl('show'), { objectEncoding });
      closers.push(() => publisher.close());
      const published = await publisher.createStream();
      await published.publish('show', 'live', { latency: ['baseTime', 'currentTime', 'sei'] });
      const player = await (await connect(server.rtmpUrl('show'))).createStream();
      await player.play('show', { latency: true });
      const stopping = new AbortController();
      const publishing = publishFlv(published, file, { loop: true, signal: stopping.signal });
      const meter = new LatencyMeter();
      const figures: Latency[] = [];
      const complete = (ways: readonly (keyof Latency)[]) =>
        figures.filter((each) => ways.every((way) => each[way] !== undefined));
      for await (const event of player) {
        figures.push(meter.take(event));
        if (complete(['baseTime', 'sei']).length >= 50 && complete(['baseTime', 'currentTime']).length >= 1) break;
      }
      stopping.abort();
      await publishing;
      // Both of one message, so that it makes no difference when it arrived.
      for (const { baseTime = Number.NaN, sei, currentTime } of figures.filter(
        (each) => Object.keys(each).length > 1,
      )) {
        expect(Math.abs(baseTime - (sei ?? currentTime ?? Number.NaN))).toBeLessThanOrEqual(20);
      }
      expect(Object.keys(player.latency).sort()).toEqual(['baseTime', 'currentTime', 'sei']);
    },
  );

  it('is shown by the page, and told by the API', async (test) => {
    const browser = await Browser.start(test);
    closers.push(() => browser.close());
    const server = await TestServer.start();
    const file = await readFile(await mediaFile('plain'));
    const published = await (await connect(server.rtmpUrl('show'))).createStream();
    await published.publish('show', 'live', { latency: ['baseTime', 'currentTime', 'sei'] });
    const stopping = new AbortController();
    const publishing = publishFlv(published, file, { loop: true, signal: stopping.signal });
    const page = await browser.page();
    await page.open(server.httpUrl('/#/live/show'));
    const fact = (label: string) =>
      `[...document.querySelectorAll('.fact')].find((fact) => fact.innerText.startsWith('${label}')).innerText`;
    // No "about": it is computed from the time of the frame that is shown, which mpegts.js does not give readily.
    await page.until(`/^Publish to play\\n[0-9.]+ m?s$/.test(${fact('Publish to play')}.trim())`);
    await page.until(`/SEI .*currentTime/s.test(${fact('Publish to server')})`);
    expect(Object.keys((await server.stream('show'))?.latency ?? {})).toEqual(['baseTimeMs', 'currentTimeMs', 'seiMs']);
    expect(page.complaints).toEqual([]);
    await page.close();
    stopping.abort();
    await publishing;
  });
});
