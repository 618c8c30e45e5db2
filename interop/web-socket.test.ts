import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { NetConnection } from '@millrace/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser, type BrowserPage } from './harness/browser.js';
import { ClientPage } from './harness/client-page.js';
import { eventually } from './harness/deadline.js';
import { repository, TestServer } from './harness/server.js';

async function everybodyGone(server: TestServer): Promise<void> {
  await eventually('nobody is connected', async () => (await server.info()).connections === 0);
}

describe('@millrace/client in Chromium, over ws://…/rtmp', () => {
  let browser: Browser | undefined;
  let clientPage: ClientPage;

  beforeAll(async () => {
    clientPage = await ClientPage.start();
  });
  // In a hook that belongs to each test, because only a test can be skipped with a reason.
  beforeEach(async (test) => {
    browser ??= await Browser.start(test);
  });
  afterAll(async () => {
    await browser?.close();
    await clientPage.close();
  });

  async function open(): Promise<BrowserPage> {
    if (!browser) throw new Error('the browser was not started');
    const page = await browser.page();
    await page.open(clientPage.url);
    await page.until('window.client !== undefined');
    return page;
  }

  it('is bundled without anything of Node', () => {
    expect(clientPage.bundle).toContain('WebSocket');
    expect(clientPage.bundle.match(/\bnode:\w+|\brequire\(|(?<!\.)\bBuffer\.|\bprocess\.\w+/g) ?? []).toEqual([]);
  });

  it('calls procedures of an application and is called, together with an RTMP client', async () => {
    const server = await TestServer.start({ args: ['--app', join(repository, 'examples/chat.js')] });
    const heard: unknown[] = [];
    const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.rtmpPort}/chat/room`, {
      appSegments: 2,
      onCall: ({ name, args }) => {
        heard.push([name, ...args]);
        return null;
      },
    });
    await connection.call('join', ['node']);

    const pages = [await open(), await open()];
    for (const [at, page] of pages.entries()) {
      await page.evaluate(`(async () => {
        window.heard = [];
        window.connection = await client.NetConnection.connect('${server.wsUrl('/rtmp/chat/room')}', {
          appSegments: 2,
          onCall: ({ name, args }) => { heard.push([name, ...args].join(' ')); return null; },
        });
        await connection.call('join', ['tab${at}']);
      })()`);
    }
    for (const [at, page] of pages.entries()) await page.evaluate(`connection.call('say', ['from tab ${at}'])`);
    await connection.call('say', ['from node']);
    const said = ['onSay tab0 from tab 0', 'onSay tab1 from tab 1', 'onSay node from node'];
    for (const page of pages) {
      await page.until('heard.some((line) => line.includes("from node"))');
      const lines = (await page.evaluate('heard')) as string[];
      expect(lines.filter((line) => line.startsWith('onSay'))).toEqual(said);
    }
    await connection.call('say', ['and here']);
    expect(
      heard.filter((call) => (call as string[])[0] === 'onSay').map((call) => (call as string[]).join(' ')),
    ).toEqual([...said, 'onSay node and here']);
    expect(
      await pages[0]?.evaluate(`connection.call('join', ['again']).catch((error) => error.status.description)`),
    ).toBe('You are in already.');
    expect(pages.flatMap(({ complaints }) => complaints)).toEqual([]);
    await connection.close();
    for (const page of pages) await page.close();
    await everybodyGone(server);
  });

  it('plays a stream, every message the same, and publishes one', async () => {
    const server = await TestServer.start();
    const page = await open();
    await page.evaluate(`(async () => {
      window.connection = await client.NetConnection.connect('${server.wsUrl('/rtmp/live')}');
      const stream = await connection.createStream();
      await stream.play('show');
      window.media = [];
      window.done = (async () => {
        for await (const event of stream) {
          if (event.type !== 'video' && event.type !== 'audio') continue;
          const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', event.payload));
          const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
          media.push(event.type + ' ' + event.timestamp + ' ' + hex);
          if (media.length === 200) return;
        }
      })();
    })()`);
    const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.rtmpPort}/live`);
    const publisher = await connection.createStream();
    await publisher.publish('show');
    const sent: string[] = [];
    for (let i = 0; i < 200; i += 1) {
      const isVideo = i % 2 === 0;
      // An AVC key frame now and then; now and then one that is longer than a message of the WebSocket may be.
      const payload = new Uint8Array(i % 50 === 0 ? 2_000_000 : 3000).map((_byte, at) => (at * 7 + i) % 251);
      payload.set(isVideo ? [i % 20 === 0 ? 0x17 : 0x27, 1, 0, 0, 0] : [0xaf, 1]);
      if (isVideo) publisher.sendVideo(i * 20, payload);
      else publisher.sendAudio(i * 20, payload);
      await publisher.drained();
      const hash = createHash('sha256').update(payload).digest('hex');
      sent.push(`${isVideo ? 'video' : 'audio'} ${i * 20} ${hash}`);
    }
    await page.evaluate('done');
    expect(await page.evaluate('media')).toEqual(sent);

    await page.evaluate(`(async () => {
      window.published = await connection.createStream();
      await published.publish('from-the-page');
    })()`);
    const player = await connection.createStream();
    await player.play('from-the-page');
    await page.evaluate('published.sendAudio(7, Uint8Array.of(0xaf, 1, 2, 3))');
    for await (const event of player) {
      if (event.type !== 'audio') continue;
      expect(event).toMatchObject({ timestamp: 7, payload: Uint8Array.of(0xaf, 1, 2, 3) });
      break;
    }
    expect(page.complaints).toEqual([]);
    await connection.close();
    await page.evaluate('connection.close()');
    await everybodyGone(server);
    await page.close();
  });

  it('says why it cannot connect', async () => {
    const server = await TestServer.start({ settings: ['http.rtmpOrigins=https://example.org'] });
    const page = await open();
    const reasonOf = (url: string, options = '{}') =>
      page.evaluate(
        `client.NetConnection.connect('${url}', ${options}).then(() => 'connected', (error) => error.name + ' ' + error.code)`,
      );
    expect(await reasonOf(server.wsUrl('/rtmp/live'))).toBe('RtmpConnectionError ERR_RTMP_CONNECT_FAILED');
    expect(await reasonOf(server.rtmpUrl('test'))).toBe('RtmpUsageError ERR_RTMP_SCHEME_UNSUPPORTED');
    expect(await reasonOf(server.wsUrl('/rtmp/live'), `{ handshake: 'digest' }`)).toBe(
      'RtmpUsageError ERR_RTMP_HANDSHAKE_UNSUPPORTED',
    );
    await page.close();
  });
});
