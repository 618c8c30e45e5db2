import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { NetConnection, publishFlv } from '@millrace/client';
import { FlvDemuxer, flvTagTypes } from '@millrace/protocol';
import type { BrowserPage } from '../harness/browser.js';

/** A media message as a line: kind, time in ms, hash. */
export type MediaLine = string;

const tls = { rejectUnauthorized: false };

/** The messages that an FLV file is on the wire. */
export function mediaLinesOf(file: string): MediaLine[] {
  const demuxer = new FlvDemuxer();
  demuxer.push(readFileSync(file));
  const lines: MediaLine[] = [];
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) {
    if (item.kind !== 'tag' || item.tagType === flvTagTypes.script) continue;
    lines.push(mediaLine(item.tagType === flvTagTypes.video ? 'video' : 'audio', item.timestamp, item.payload));
  }
  return lines;
}

function mediaLine(type: 'video' | 'audio', timestamp: number, payload: Uint8Array): MediaLine {
  return `${type} ${timestamp} ${createHash('sha256').update(payload).digest('hex')}`;
}

/** Publishes a file as it would be recorded: in real time. */
export async function publishWithClient(url: string, file: string): Promise<void> {
  const { connection, name } = await open(url);
  const stream = await connection.createStream();
  await stream.publish(name);
  await publishFlv(stream, readFileSync(file));
  await connection.close();
}

/** Plays from when it is there until the stream is over. */
export async function playWithClient(url: string): Promise<{ readonly lines: Promise<MediaLine[]> }> {
  const { connection, name } = await open(url);
  const stream = await connection.createStream();
  await stream.play(name);
  const read = async (): Promise<MediaLine[]> => {
    const lines: MediaLine[] = [];
    for await (const event of stream) {
      if (event.type === 'video' || event.type === 'audio') {
        lines.push(mediaLine(event.type, event.timestamp, event.payload));
      } else if (event.type === 'status' && event.status.code === 'NetStream.Play.UnpublishNotify') break;
    }
    await connection.close();
    return lines;
  };
  return { lines: read() };
}

async function open(url: string): Promise<{ readonly connection: NetConnection; readonly name: string }> {
  const [, base = '', name = ''] = /^(.*)\/([^/]+)$/.exec(url) ?? [];
  return { connection: await NetConnection.connect(base, { tls }), name };
}

/** Begins to play in a page of `ClientPage`; `linesPlayedInPage` waits for the end. */
export async function playInPage(page: BrowserPage, appUrl: string, name: string): Promise<void> {
  await page.evaluate(`(async () => {
    const connection = await client.NetConnection.connect('${appUrl}');
    const stream = await connection.createStream();
    await stream.play('${name}');
    window.played = (async () => {
      const lines = [];
      for await (const event of stream) {
        if (event.type === 'status' && event.status.code === 'NetStream.Play.UnpublishNotify') break;
        if (event.type !== 'video' && event.type !== 'audio') continue;
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', event.payload));
        const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
        lines.push(event.type + ' ' + event.timestamp + ' ' + hex);
      }
      await connection.close();
      return lines;
    })();
  })()`);
}

export async function linesPlayedInPage(page: BrowserPage): Promise<MediaLine[]> {
  return (await page.evaluate('played')) as MediaLine[];
}

export async function publishInPage(page: BrowserPage, appUrl: string, name: string, file: string): Promise<void> {
  await page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob('${readFileSync(file).toString('base64')}'), (char) => char.charCodeAt(0));
    const connection = await client.NetConnection.connect('${appUrl}');
    const stream = await connection.createStream();
    await stream.publish('${name}');
    await client.publishFlv(stream, bytes);
    await connection.close();
  })()`);
}
