import {
  Amf3Value,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  decodeAmf0,
  encodeAmf0,
  messageTypes,
} from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cdnAddress, withCdnAddress } from './cdn-address.js';
import { readPublishedData } from './data-message.js';
import type { LiveMessage } from './live-message.js';

const address = '203.0.113.7';

function data(payload: Uint8Array): LiveMessage {
  return { messageTypeId: messageTypes.dataAmf0, timestamp: 5, messageStreamId: 1, payload };
}

function metadata(members: AmfValue): LiveMessage {
  return data(encodeAmf0(['onMetaData', members]));
}

describe('withCdnAddress', () => {
  it('puts the address before all other members, which stay byte for byte', () => {
    const members: [string, AmfValue][] = [
      ['width', 640],
      ['title', 'x'],
    ];
    const message = metadata(new AmfEcmaArray(members, 2));
    const { payload } = withCdnAddress(message, address);
    expect(payload).toEqual(encodeAmf0(['onMetaData', new AmfEcmaArray([['cdn_ip', address], ...members], 3)]));
    expect(withCdnAddress(metadata(new AmfObject(members)), address).payload).toEqual(
      encodeAmf0(['onMetaData', new AmfObject([['cdn_ip', address], ...members])]),
    );
  });

  it('takes the place of the address of another edge', () => {
    const { payload } = withCdnAddress(metadata(new AmfObject([['cdn_ip', '192.0.2.1']])), address);
    expect(decodeAmf0(payload)).toEqual(['onMetaData', new AmfObject([['cdn_ip', address]])]);
  });

  it('goes into AMF3 and its AMF0 form', () => {
    const values = encodeAmf0(['onMetaData', new Amf3Value(new AmfObject([['width', 640]]))]);
    const type = messageTypes.dataAmf3;
    const read = readPublishedData({ ...data(Uint8Array.of(0, ...values)), messageTypeId: type });
    if (read.action !== 'pass') throw new Error('not passed on');
    const { payload, amf0 } = withCdnAddress(read.message, address);
    const expected = [
      'onMetaData',
      new AmfObject([
        ['width', 640],
        ['cdn_ip', address],
      ]),
    ];
    expect(payload[0]).toBe(0);
    expect(decodeAmf0(payload.subarray(1))).toEqual(expected);
    expect(amf0 && decodeAmf0(amf0)).toEqual(expected);
    expect(amf0?.includes(0x11)).toBe(false);
  });

  it.each([
    ['no members', encodeAmf0(['onMetaData'])],
    ['something else', encodeAmf0(['onMetaData', 7])],
    ['a cut object', encodeAmf0(['onMetaData', new AmfObject([['a', 1]])]).slice(0, -3)],
    ['a cut value behind it', Uint8Array.of(...encodeAmf0(['onMetaData', new AmfObject()]), 2, 0)],
    ['nothing', new Uint8Array()],
  ])('leaves %s as it is', (_what, payload) => {
    const message = data(payload);
    expect(withCdnAddress(message, address)).toBe(message);
  });

  it('never throws', () => {
    const whole = encodeAmf0(['onMetaData', new AmfEcmaArray([['a', new AmfObject([['b', 1]])]], 1)]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, isAmf3) => {
        const payload = whole.slice();
        payload[at] = byte;
        withCdnAddress({ ...data(payload), messageTypeId: isAmf3 ? 15 : 18 }, address);
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});

it.each([
  ['auto', '198.51.100.1', '198.51.100.1'],
  ['auto', '127.0.0.1', undefined],
  ['auto', '::1', undefined],
  ['auto', undefined, undefined],
  ['', '198.51.100.1', undefined],
  ['edge.example', '127.0.0.1', 'edge.example'],
])('service.cdnIp %j and the local address %j: %j', (configured, local, expected) => {
  expect(cdnAddress(configured, local)).toBe(expected);
});
