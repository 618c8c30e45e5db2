import { messageTypes, type RawMessage } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { RejoinFilter } from './rejoin-filter.js';

function frame(kind: 'key' | 'inter' | 'audio', timestamp: number, byte = 0): RawMessage {
  const first = { key: 0x17, inter: 0x27, audio: 0xaf }[kind];
  const messageTypeId = kind === 'audio' ? messageTypes.audio : messageTypes.video;
  return { messageTypeId, messageStreamId: 1, timestamp, payload: Uint8Array.of(first, 1, 0, 0, 0, byte, 9) };
}
const header: RawMessage = {
  messageTypeId: messageTypes.video,
  messageStreamId: 1,
  timestamp: 0,
  payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1),
};
const timesOf = (filter: RejoinFilter, messages: readonly RawMessage[]): number[] =>
  messages.filter((message) => filter.take(message)).map(({ timestamp }) => timestamp);

const video = [frame('key', 0), frame('inter', 40), frame('key', 80), frame('audio', 90), frame('inter', 120)];

describe('RejoinFilter', () => {
  it('lets everything through the first time', () => {
    expect(timesOf(new RejoinFilter(), [header, ...video])).toEqual([0, 0, 40, 80, 90, 120]);
  });

  it('leaves out what was there before the connection was lost', () => {
    const filter = new RejoinFilter();
    timesOf(filter, video);
    filter.rejoin();
    const again = [frame('audio', 70), header, ...video.slice(2), frame('audio', 130), frame('inter', 160)];
    expect(timesOf(filter, again)).toEqual([0, 130, 160]);
  });

  it('leaves out nothing of another stream, or of one that has gone on too far', () => {
    const filter = new RejoinFilter();
    timesOf(filter, video);
    filter.rejoin();
    expect(timesOf(filter, [frame('key', 0, 7), frame('inter', 40), frame('audio', 50)])).toEqual([0, 40, 50]);
    filter.rejoin();
    expect(timesOf(filter, [frame('inter', 4960), frame('key', 5000), frame('inter', 5040)])).toEqual([5000, 5040]);
  });

  it('goes by sound where there is no picture', () => {
    const filter = new RejoinFilter();
    timesOf(filter, [frame('audio', 0, 1), frame('audio', 20, 2), frame('audio', 40, 3)]);
    filter.rejoin();
    expect(timesOf(filter, [frame('audio', 20, 2), frame('audio', 40, 3), frame('audio', 60, 4)])).toEqual([60]);
  });
});
