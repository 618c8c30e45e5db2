import { encodeAmf0, messageTypes, type RawMessage } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { readPublishedData } from './data-message.js';

function data(payload: Uint8Array, messageTypeId: number = messageTypes.dataAmf0): RawMessage {
  return { messageTypeId, timestamp: 7, messageStreamId: 1, payload };
}

describe('readPublishedData', () => {
  const metadata = encodeAmf0(['onMetaData', { width: 640 }]);

  it('takes @setDataFrame off and names the handler', () => {
    const read = readPublishedData(data(encodeAmf0(['@setDataFrame', 'onMetaData', { width: 640 }])));
    expect(read).toMatchObject({ action: 'pass', handler: 'onMetaData', message: { timestamp: 7, messageTypeId: 18 } });
    expect(read.action === 'pass' && Buffer.from(read.message.payload)).toEqual(Buffer.from(metadata));
  });

  it('keeps a bare onMetaData for late joiners, and nothing else that is bare', () => {
    expect(readPublishedData(data(metadata))).toMatchObject({ handler: 'onMetaData' });
    expect(readPublishedData(data(encodeAmf0(['onCuePoint', 1])))).toMatchObject({
      action: 'pass',
      handler: undefined,
    });
  });

  it('reads @clearDataFrame', () => {
    expect(readPublishedData(data(encodeAmf0(['@clearDataFrame', 'onMetaData'])))).toEqual({
      action: 'clear',
      handler: 'onMetaData',
    });
  });

  it('turns type 15 into type 18 when its format is 0, and drops other formats', () => {
    const extended = Uint8Array.of(0, ...metadata);
    const read = readPublishedData(data(extended, messageTypes.dataAmf3));
    expect(read).toMatchObject({ action: 'pass', handler: 'onMetaData', message: { messageTypeId: 18 } });
    expect(readPublishedData(data(Uint8Array.of(9, 1, 2), messageTypes.dataAmf3))).toEqual({ action: 'drop' });
  });

  it.each([
    ['no AMF at all', Uint8Array.of(0xff, 1, 2)],
    ['a string that claims more than there is', Uint8Array.of(2, 0xff, 0xff, 1)],
    ['a truncated length', Uint8Array.of(2, 0)],
  ])('passes %s on untouched', (_name, payload) => {
    expect(readPublishedData(data(payload))).toMatchObject({
      action: 'pass',
      handler: undefined,
      message: { payload },
    });
  });

  it('drops what is empty', () => {
    expect(readPublishedData(data(new Uint8Array()))).toEqual({ action: 'drop' });
    expect(readPublishedData(data(encodeAmf0(['@setDataFrame'])))).toEqual({ action: 'drop' });
    expect(readPublishedData(data(encodeAmf0(['@clearDataFrame'])))).toEqual({ action: 'drop' });
  });
});
