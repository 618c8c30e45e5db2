import {
  Amf3Value,
  type AmfInput,
  AmfObject,
  decodeAmf0,
  encodeAmf0,
  messageTypes,
  type RawMessage,
} from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PublishedData, readPublishedData } from './data-message.js';

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

  it('takes @setDataFrame and @clearDataFrame of type 15', () => {
    const set = Uint8Array.of(0, ...encodeAmf0(['@setDataFrame', 'onMetaData', { width: 640 }]));
    expect(readPublishedData(data(set, messageTypes.dataAmf3))).toMatchObject({
      handler: 'onMetaData',
      message: { messageTypeId: 18, payload: metadata },
    });
    const clear = Uint8Array.of(0, ...encodeAmf0(['@clearDataFrame', 'onMetaData']));
    expect(readPublishedData(data(clear, messageTypes.dataAmf3))).toEqual({ action: 'clear', handler: 'onMetaData' });
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

describe('readPublishedData with AMF3', () => {
  const amf3 = (value: AmfInput): Amf3Value => new Amf3Value(value);
  const extended = (...values: readonly AmfInput[]): RawMessage =>
    data(Uint8Array.of(0, ...encodeAmf0(values)), messageTypes.dataAmf3);
  /** The values for players with object encoding 3 and for the others. */
  function formsOf(read: PublishedData): { amf3: unknown; amf0: unknown; handler: unknown } {
    if (read.action !== 'pass') throw new Error(read.action);
    const { message, handler } = read;
    expect(message.messageTypeId).toBe(messageTypes.dataAmf3);
    expect(message.payload[0]).toBe(0);
    return {
      amf3: decodeAmf0(message.payload.subarray(1)),
      amf0: message.amf0 && decodeAmf0(message.amf0),
      handler,
    };
  }
  const size = new AmfObject([['width', 640]]);

  it('keeps it, with an AMF0 form beside it', () => {
    const message = extended('onText', amf3({ width: 640 }));
    const read = readPublishedData(message);
    expect(formsOf(read)).toEqual({ amf3: ['onText', size], amf0: ['onText', size], handler: undefined });
    expect(read).toMatchObject({
      message: { timestamp: 7, payload: message.payload, amf0: encodeAmf0(['onText', { width: 640 }]) },
    });
  });

  it.each([
    ['', '@setDataFrame', 'onMetaData'],
    [', the handler in AMF3', '@setDataFrame', amf3('onMetaData')],
    [', itself in AMF3', amf3('@setDataFrame'), 'onMetaData'],
    [', all in AMF3', amf3('@setDataFrame'), amf3('onMetaData')],
  ])('takes @setDataFrame off%s', (_what, name, handler) => {
    const forms = { amf3: ['onMetaData', size], amf0: ['onMetaData', size], handler: 'onMetaData' };
    expect(formsOf(readPublishedData(extended(name, handler, amf3({ width: 640 }))))).toEqual(forms);
  });

  it('takes an @setDataFrame off that later values refer to', () => {
    // The array's text is the first string of the message's table.
    const message = extended(amf3('@setDataFrame'), 'onText', amf3(['@setDataFrame']));
    expect(message.payload.subarray(-6)).toEqual(Uint8Array.of(0x11, 9, 3, 1, 6, 0));
    expect(formsOf(readPublishedData(message))).toMatchObject({ amf3: ['onText', ['@setDataFrame']] });
  });

  it('reads @clearDataFrame and a bare onMetaData in AMF3', () => {
    expect(readPublishedData(extended(amf3('@clearDataFrame'), amf3('onMetaData')))).toEqual({
      action: 'clear',
      handler: 'onMetaData',
    });
    expect(readPublishedData(extended(amf3('@clearDataFrame')))).toEqual({ action: 'drop' });
    expect(readPublishedData(extended(amf3('@setDataFrame')))).toEqual({ action: 'drop' });
    expect(readPublishedData(extended(amf3('onMetaData'), 1))).toMatchObject({ handler: 'onMetaData' });
  });

  it('knows AMF3 in type 18, and without a format byte', () => {
    const payload = encodeAmf0([amf3('onText'), 1]);
    for (const type of [messageTypes.dataAmf0, messageTypes.dataAmf3]) {
      const forms = { amf3: ['onText', 1], amf0: ['onText', 1] };
      expect(formsOf(readPublishedData(data(payload, type)))).toMatchObject(forms);
    }
  });

  it('leaves a byte 0x11 alone that is no marker', () => {
    const payload = encodeAmf0(['onText', '\u0011'.repeat(0x11)]);
    expect(readPublishedData(data(payload))).toMatchObject({ message: { messageTypeId: 18, payload } });
  });

  it('gives what cannot be read to those alone who read AMF3', () => {
    const broken = Uint8Array.of(0, ...encodeAmf0(['@setDataFrame', 'onText']), 0x11, 0x0a, 0x0b);
    expect(readPublishedData(data(broken, messageTypes.dataAmf3))).toMatchObject({
      handler: 'onText',
      message: {
        messageTypeId: 15,
        payload: Uint8Array.of(0, ...encodeAmf0(['onText']), 0x11, 0x0a, 0x0b),
        amf0: undefined,
      },
    });
    const named = Uint8Array.of(0, ...encodeAmf0([amf3('@setDataFrame')]), 0x11, 0x0a, 0x0b);
    expect(readPublishedData(data(named, messageTypes.dataAmf3))).toEqual({ action: 'drop' });
  });

  it('gives type 15 that breaks off before any AMF3 to the same, for there may be some behind', () => {
    const broken = Uint8Array.of(0, ...encodeAmf0(['onText']), 0xff, 0x11, 4, 1);
    expect(readPublishedData(data(broken, messageTypes.dataAmf3))).toMatchObject({
      message: { messageTypeId: 15, payload: broken, amf0: undefined },
    });
    expect(readPublishedData(data(broken.subarray(1)))).toMatchObject({ message: { messageTypeId: 18 } });
  });

  it('takes any bytes', () => {
    const marked = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.of(0, 2, 0, 1, 0x61, 0x11, ...bytes));
    fc.assert(
      fc.property(marked, fc.constantFrom(15, 18), (payload, type) => {
        const read = readPublishedData(data(payload, type));
        if (read.action === 'pass' && read.message.amf0 !== undefined) decodeAmf0(read.message.amf0);
      }),
      { numRuns: 1000, seed: 20_261_121 },
    );
  });
});
