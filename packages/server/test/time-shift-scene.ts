import { expect } from 'vitest';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import type { TestServer } from './wire/start-test-server.js';
import { digestsOf, type MediaMessage, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { concat, u16, u32 } from './wire/wire-bytes.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let names = 0;

/** A stream with a frame of video and of sound each 100 ms, and a key frame each second. */
export class Show {
  readonly name: string;
  readonly publisher: TestPublisher;
  readonly #server: TestServer;

  private constructor(name: string, publisher: TestPublisher, at: TestServer) {
    this.#server = at;
    this.name = name;
    this.publisher = publisher;
  }

  static async open(server: TestServer, prefix = 'shift'): Promise<Show> {
    const show = await Show.openEmpty(server, prefix);
    show.publisher.data(0, '@setDataFrame', 'onMetaData', { width: 640 });
    show.publisher.video(0, avcHeader());
    show.publisher.audio(0, aacHeader());
    return show;
  }

  /** Nothing is sent yet. */
  static async openEmpty(server: TestServer, prefix = 'shift'): Promise<Show> {
    names += 1;
    const name = `${prefix}${names}`;
    return new Show(name, await TestPublisher.open(server, name), server);
  }

  /** Frames with times from one to before another, ms. */
  async send(fromMs: number, toMs: number): Promise<void> {
    for (let time = fromMs; time < toMs; time += 100) {
      this.publisher.video(time >>> 0, time % 1000 === 0 ? avcKey(time) : avcInter(time));
      this.publisher.audio((time + 5) >>> 0, aacFrame(time));
    }
    await this.publisher.client.barrier();
  }

  /** The frames that were sent from a time on. */
  framesFrom(timeMs: number): string[] {
    return digestsOf(this.publisher.sent.filter((one) => isFrame(one) && one.timestamp >= timeMs));
  }

  /** Somebody who plays it, and buffers so much. */
  async player(bufferMs = 3_600_000): Promise<Player> {
    const client = await this.#server.connected();
    const id = await client.createStream();
    client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(bufferMs)) });
    await client.play(this.name, id);
    await settle(this.publisher, client);
    return new Player(client, id);
  }
}

export class Player {
  readonly client: WireClient;
  readonly id: number;
  #mark = 0;

  constructor(client: WireClient, id: number) {
    this.client = client;
    this.id = id;
  }

  /** What comes from now on counts. */
  mark(): void {
    this.#mark = this.client.received.length;
  }

  async pause(timeMs: number): Promise<void> {
    this.client.sendCommand('pause', 0, [null, true, timeMs], this.id);
    await this.client.status('NetStream.Pause.Notify');
    await this.client.barrier();
    this.mark();
  }

  async unpause(timeMs: number): Promise<void> {
    this.client.sendCommand('pause', 0, [null, false, timeMs], this.id);
    await this.client.status('NetStream.Unpause.Notify');
  }

  async seek(timeMs: number): Promise<void> {
    this.mark();
    this.client.sendCommand('seek', 0, [null, timeMs], this.id);
    await this.client.status('NetStream.Seek.Notify');
  }

  /** Frames since the mark. */
  frames(): MediaMessage[] {
    const received = this.client.received.slice(this.#mark);
    return mediaOf({ received } as unknown as WireClient).filter(isFrame);
  }

  headers(): MediaMessage[] {
    const received = this.client.received.slice(this.#mark);
    return mediaOf({ received } as unknown as WireClient).filter(
      ({ type, payload }) => type !== 18 && payload[1] === 0,
    );
  }

  words(): string[] {
    return this.client.received.slice(this.#mark).flatMap((message) => {
      const code = statusOf(message)?.get('code');
      if (code !== undefined) return [String(code)];
      return message.type === 4 && (message.payload[1] ?? 9) < 5
        ? [['begin', 'eof', '', '', 'recorded'][message.payload[1] ?? 9] ?? '']
        : [];
    });
  }
}

export function isFrame({ type, payload }: MediaMessage): boolean {
  return type !== 18 && payload[1] === 1;
}

/** Everything once, in order. */
export async function expectFrames(player: Player, expected: () => string[]): Promise<void> {
  await expect.poll(() => player.frames().length, { timeout: 5000 }).toBeGreaterThanOrEqual(expected().length);
  await player.client.barrier();
  expect(digestsOf(player.frames())).toEqual(expected());
}
