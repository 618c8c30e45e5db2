import type { AmfInput } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireMessage } from './wire/chunk-reader.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { dataMessage, type MediaMessage, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

let server: TestServer;
let names = 0;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

interface Watching {
  readonly name: string;
  readonly publisher: TestPublisher;
  readonly player: WireClient;
  readonly id: number;
}

/** A publisher that has sent headers and a key frame, and a player that has got them. */
async function watch(): Promise<Watching> {
  names += 1;
  const name = `control-${names}`;
  const publisher = await TestPublisher.open(server, name);
  const player = await server.connected();
  const id = await player.play(name);
  publisher.data(0, '@setDataFrame', 'onMetaData', { width: 640 });
  publisher.video(0, avcHeader());
  publisher.audio(0, aacHeader());
  publisher.video(0, avcKey(1));
  await settle(publisher, player);
  return { name, publisher, player, id };
}

/** Sends a command of the message stream and returns what comes, but for the ping's answer. */
async function send(
  { player, id }: Watching,
  name: string,
  args: readonly AmfInput[],
  transactionId = 0,
): Promise<readonly WireMessage[]> {
  await player.barrier();
  const before = player.received.length;
  player.sendCommand(name, transactionId, [null, ...args], id);
  await player.barrier();
  return player.received.slice(before, -1);
}

function codesOf(messages: readonly WireMessage[]): unknown[] {
  return messages.flatMap((message) => statusOf(message)?.get('code') ?? []);
}

/** The media that `act` brings. */
async function mediaFrom({ publisher, player, id }: Watching, act: () => void): Promise<MediaMessage[]> {
  await settle(publisher, player);
  const before = mediaOf(player, id).length;
  act();
  await settle(publisher, player);
  return mediaOf(player, id).slice(before);
}

describe('pause on a live stream', () => {
  it.each(['pause', 'pauseRaw'])('is told by Pause.Notify and Unpause.Notify (%s)', async (command) => {
    const watching = await watch();
    const [paused] = await send(watching, command, [true, 1000]);
    expect(paused).toMatchObject({ messageStreamId: watching.id, timestamp: 0 });
    expect(paused?.values.slice(0, 3)).toEqual(['onStatus', 0, null]);
    expect(paused && statusOf(paused)?.get('code')).toBe('NetStream.Pause.Notify');
    expect(paused && statusOf(paused)?.get('level')).toBe('status');
    const [unpaused] = await send(watching, command, [false, 1000]);
    expect(unpaused && statusOf(unpaused)?.get('code')).toBe('NetStream.Unpause.Notify');
    expect(unpaused && statusOf(unpaused)?.get('level')).toBe('status');
  });

  it('stops everything; unpausing comes back at the newest key frame, after its notice', async () => {
    const watching = await watch();
    const { publisher } = watching;
    await send(watching, 'pause', [true, 0]);
    const meanwhile = await mediaFrom(watching, () => {
      publisher.video(40, avcInter(1));
      publisher.audio(45, aacFrame(1));
      publisher.data(45, 'onTextData', 'x');
      publisher.video(80, avcKey(2));
      publisher.audio(85, aacFrame(2));
    });
    expect(meanwhile).toEqual([]);
    const back = await send(watching, 'pause', [false, 0]);
    expect(codesOf(back.slice(0, 1))).toEqual(['NetStream.Unpause.Notify']);
    expect(back.slice(1).map(({ payload, timestamp }) => [timestamp, payload])).toEqual([
      [0, dataMessage(0, 'onMetaData', { width: 640 }).payload],
      [80, avcHeader()],
      [80, aacHeader()],
      [80, avcKey(2)],
      [85, aacFrame(2)],
    ]);
    const next = publisher.video(120, avcInter(2));
    await settle(publisher, watching.player);
    expect(mediaOf(watching.player).at(-1)).toEqual(next);
  });

  it('may be repeated, and undone without a pause', async () => {
    const watching = await watch();
    for (const flag of [false, true, true, false, false]) {
      const [answer] = await send(watching, 'pause', [flag, 0]);
      const code = flag ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify';
      expect(answer && statusOf(answer)?.get('code')).toBe(code);
    }
    const [only, ...more] = await mediaFrom(watching, () => watching.publisher.video(40, avcInter(1)));
    expect(only?.payload).toEqual(avcInter(1));
    expect(more).toEqual([]);
  });

  it('does not hide the end of the publication, nor the next one', async () => {
    const watching = await watch();
    await send(watching, 'pause', [true, 0]);
    watching.publisher.deleteStream();
    await watching.player.status('NetStream.Play.UnpublishNotify');
    const next = await TestPublisher.open(server, watching.name);
    await watching.player.status('NetStream.Play.PublishNotify');
    next.video(0, avcKey(9));
    await settle(next);
    const back = await send(watching, 'pause', [false, 0]);
    expect(codesOf(back)).toEqual(['NetStream.Unpause.Notify']);
    expect(mediaOf(watching.player, watching.id).at(-1)?.payload).toEqual(avcKey(9));
  });

  it('leaves other players alone', async () => {
    const watching = await watch();
    const other = await server.connected();
    await other.play(watching.name);
    await send(watching, 'pause', [true, 0]);
    const next = watching.publisher.video(40, avcInter(1));
    await settle(watching.publisher, other);
    expect(mediaOf(other).at(-1)).toEqual(next);
  });

  it('works while nothing is published', async () => {
    const player = await server.connected();
    const id = await player.play('paused-early');
    const watching = { name: 'paused-early', player, id } as Watching;
    expect(codesOf(await send(watching, 'pause', [true, 0]))).toEqual(['NetStream.Pause.Notify']);
    const publisher = await TestPublisher.open(server, 'paused-early');
    publisher.video(0, avcKey(1));
    await settle(publisher, player);
    expect(mediaOf(player, id)).toEqual([]);
    await send(watching, 'pause', [false, 0]);
    expect(mediaOf(player, id)).toEqual(publisher.sent);
  });

  it('is refused on a stream that plays nothing', async () => {
    const client = await server.connected();
    const id = await client.createStream();
    const answer = await client.call('pause', [null, true, 0], id);
    expect(answer.values[0]).toBe('_error');
  });
});

describe('receiveAudio and receiveVideo', () => {
  it('false stops the one and leaves the other, and is not answered [RTMP §7.2.2.4, §7.2.2.5]', async () => {
    for (const [command, type] of [
      ['receiveAudio', 8],
      ['receiveVideo', 9],
    ] as const) {
      const watching = await watch();
      expect(await send(watching, command, [false])).toEqual([]);
      const media = await mediaFrom(watching, () => {
        watching.publisher.video(40, avcInter(1));
        watching.publisher.audio(45, aacFrame(1));
        watching.publisher.data(50, 'onTextData', 'x');
        watching.publisher.video(80, avcKey(2));
      });
      expect(media).toEqual(watching.publisher.sent.slice(4).filter((message) => message.type !== type));
    }
  });

  it('true is told by Seek.Notify and Play.Start, on the stream', async () => {
    const watching = await watch();
    for (const command of ['receiveAudio', 'receiveVideo']) {
      await send(watching, command, [false]);
      const answers = await send(watching, command, [true]);
      expect(codesOf(answers)).toEqual(['NetStream.Seek.Notify', 'NetStream.Play.Start']);
      for (const answer of answers.slice(0, 2)) {
        expect(answer.messageStreamId).toBe(watching.id);
        expect(statusOf(answer)?.get('level')).toBe('status');
      }
    }
  });

  it('audio comes back at once, with its header', async () => {
    const watching = await watch();
    const { publisher } = watching;
    await send(watching, 'receiveAudio', [false]);
    publisher.audio(20, aacHeader([0x12, 0x10]));
    publisher.audio(20, aacFrame(1));
    await settle(publisher, watching.player);
    const media = await mediaFrom(watching, () => {
      watching.player.sendCommand('receiveAudio', 0, [null, true], watching.id);
    });
    expect(media.map(({ payload }) => payload)).toEqual([aacHeader([0x12, 0x10])]);
    expect(await mediaFrom(watching, () => publisher.audio(40, aacFrame(2)))).toEqual(publisher.sent.slice(-1));
  });

  it('video comes back with a key frame and its header; audio goes on', async () => {
    const watching = await watch();
    const { publisher } = watching;
    await send(watching, 'receiveVideo', [false]);
    publisher.video(20, avcHeader(7));
    publisher.video(20, avcKey(2));
    await settle(publisher, watching.player);
    await send(watching, 'receiveVideo', [true]);
    const media = await mediaFrom(watching, () => {
      publisher.video(40, avcInter(2));
      publisher.audio(45, aacFrame(1));
      publisher.video(80, avcKey(3));
      publisher.video(120, avcInter(3));
    });
    expect(media.map(({ payload }) => payload)).toEqual([aacFrame(1), avcHeader(7), avcKey(3), avcInter(3)]);
  });

  it('before play hold for it', async () => {
    const watching = await watch();
    const { publisher } = watching;
    const player = await server.connected();
    const id = await player.createStream();
    player.sendCommand('receiveVideo', 0, [null, false], id);
    await player.play(watching.name, id);
    const audio = publisher.audio(20, aacFrame(1));
    publisher.video(40, avcInter(1));
    await settle(publisher, player);
    const got = mediaOf(player, id);
    expect(got.filter(({ type }) => type === 9)).toEqual([]);
    expect(got.at(-1)).toEqual(audio);
    player.sendCommand('receiveVideo', 0, [null, true], id);
    await player.barrier();
    const start = publisher.video(80, avcKey(2));
    await settle(publisher, player);
    expect(mediaOf(player, id).slice(-2)).toEqual([{ ...start, payload: avcHeader() }, start]);
  });

  it('both false leave data and the end', async () => {
    const watching = await watch();
    await send(watching, 'receiveAudio', [false]);
    await send(watching, 'receiveVideo', [false]);
    const { publisher } = watching;
    const media = await mediaFrom(watching, () => {
      publisher.video(40, avcKey(2));
      publisher.audio(45, aacFrame(1));
      publisher.data(50, 'onTextData', 'x');
    });
    expect(media).toEqual([dataMessage(50, 'onTextData', 'x')]);
    publisher.deleteStream();
    await watching.player.status('NetStream.Play.UnpublishNotify');
  });

  it('hold for the stream they came on alone', async () => {
    const watching = await watch();
    const { publisher, player } = watching;
    const second = await player.play(watching.name);
    await send(watching, 'receiveVideo', [false]);
    const next = publisher.video(40, avcInter(1));
    await settle(publisher, player);
    expect(mediaOf(player, second).at(-1)).toEqual(next);
    expect(mediaOf(player, watching.id)).not.toContainEqual(next);
  });

  it('hold over a change of publishers', async () => {
    const watching = await watch();
    await send(watching, 'receiveVideo', [false]);
    watching.publisher.deleteStream();
    await watching.player.status('NetStream.Play.UnpublishNotify');
    const next = await TestPublisher.open(server, watching.name);
    const before = mediaOf(watching.player).length;
    next.video(0, avcKey(5));
    const audio = next.audio(0, aacFrame(5));
    await settle(next, watching.player);
    expect(mediaOf(watching.player).slice(before)).toEqual([audio]);
  });
});

describe('seek on a live stream', () => {
  it('fails by _error and a status, and the stream plays on', async () => {
    const watching = await watch();
    const answers = await send(watching, 'seek', [5000], 9);
    expect(answers.map(({ values }) => values[0])).toEqual(['_error', 'onStatus']);
    expect(answers[0]?.values[1]).toBe(9);
    expect(codesOf(answers)).toEqual(['NetStream.Seek.Failed']);
    expect(answers[1] && statusOf(answers[1])?.get('level')).toBe('error');
    const [next] = await mediaFrom(watching, () => watching.publisher.video(40, avcInter(1)));
    expect(next?.payload).toEqual(avcInter(1));
  });

  it('says the status alone where no answer is wanted', async () => {
    const watching = await watch();
    const answers = await send(watching, 'seek', [5000]);
    expect(answers.map(({ values }) => values[0])).toEqual(['onStatus']);
  });
});
