import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { fromHex } from './message.vectors.js';
import { decodeSharedObject, encodeSharedObject, type SharedObjectEvent } from './shared-object.js';
import { sharedObjectErrors, sharedObjectVectors } from './shared-object.vectors.js';

/** The code of what `work` throws; `undefined` where it does not throw; anything but a remote error is thrown on. */
function remoteErrorCode(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof RtmpRemoteError) return error.code;
    throw error;
  }
}

describe.each(sharedObjectVectors)('$name ($source)', ({ encoding, payload, content, input = content, encodes }) => {
  it('decodes', () => {
    expect(decodeSharedObject({ encoding, payload: fromHex(payload) })).toEqual(content);
  });
  if (encodes ?? true) {
    it('encodes', () => {
      expect(encodeSharedObject(input, encoding).payload).toEqual(fromHex(payload));
    });
  }
  it('survives being cut at any byte', () => {
    const bytes = fromHex(payload);
    for (let length = 0; length < bytes.length; length += 1) {
      remoteErrorCode(() => decodeSharedObject({ encoding, payload: bytes.subarray(0, length) }));
    }
  });
});

describe('decodeSharedObject', () => {
  it.each(sharedObjectErrors)('refuses %s', (_name, encoding, payload, code) => {
    expect(remoteErrorCode(() => decodeSharedObject({ encoding, payload: fromHex(payload) }))).toBe(code);
  });

  it('gives offsets from the start of the payload', () => {
    const payload = fromHex('0001 61 00000000 00000000 00000000 03 00000002 0005');
    expect(() => decodeSharedObject({ encoding: 'amf0', payload })).toThrow(expect.objectContaining({ offset: 22 }));
  });

  it('bounds the events of a message, the slots of all events, and the values of all together', () => {
    const events: SharedObjectEvent[] = Array.from({ length: 10 }, (_, i) => ({
      type: 'change',
      name: `${i}`,
      value: [1, 2],
    }));
    const content = { name: 'a', version: 0, persistent: false, events };
    const message = encodeSharedObject(content, 'amf0');
    expect(decodeSharedObject(message, { maxEvents: 10, maxElements: 30 })).toEqual(content);
    expect(remoteErrorCode(() => decodeSharedObject(message, { maxEvents: 9 }))).toBe('ERR_RTMP_SHARED_OBJECT_EVENTS');
    expect(remoteErrorCode(() => decodeSharedObject(message, { maxElements: 29 }))).toBe('ERR_AMF0_TOO_MANY_ELEMENTS');
    expect(remoteErrorCode(() => decodeSharedObject(message, { maxDepth: 0 }))).toBe('ERR_AMF0_TOO_DEEP');
  });

  it('gives what was said or a remote error for any bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom('amf0', 'amf3'), fc.uint8Array({ maxLength: 64 }), (encoding, payload) => {
        remoteErrorCode(() => decodeSharedObject({ encoding, payload }));
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('gives what was said or a remote error for vectors with a changed byte', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sharedObjectVectors), fc.nat(), fc.nat(255), ({ encoding, payload }, at, byte) => {
        const bytes = fromHex(payload);
        bytes[at % bytes.length] = byte;
        remoteErrorCode(() => decodeSharedObject({ encoding, payload: bytes }));
      }),
      { numRuns: 1000, seed: 2 },
    );
  });
});

describe('encodeSharedObject', () => {
  it('makes messages that encodeMessage sends as they are', () => {
    const header = { timestamp: 7, messageStreamId: 0 };
    const content = { name: 'a', version: 1, persistent: true, events: [{ type: 'use' }] } as const;
    for (const encoding of ['amf0', 'amf3'] as const) {
      const message = encodeSharedObject(content, encoding, header);
      const raw = encodeMessage(message);
      expect(raw.messageTypeId).toBe(encoding === 'amf0' ? 19 : 16);
      expect(decodeMessage(raw)).toEqual(message);
    }
  });

  it('gives back what it was given', () => {
    const value = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
    const name = fc.string({ maxLength: 20 });
    const event: fc.Arbitrary<SharedObjectEvent> = fc.oneof(
      fc.record({ type: fc.constantFrom('use', 'release', 'clear', 'useSuccess', 'requestClear') }),
      fc.record({ type: fc.constantFrom('requestChange', 'change'), name, value }),
      fc.record({ type: fc.constantFrom('success', 'remove', 'requestRemove'), name }),
      fc.record({ type: fc.constant('sendMessage' as const), name, args: fc.array(value, { maxLength: 3 }) }),
      fc.record({ type: fc.constant('status' as const), code: name, level: name }),
    );
    const content = fc.record({
      name,
      version: fc.integer({ min: 0, max: 0xffff_ffff }),
      persistent: fc.boolean(),
      events: fc.array(event, { maxLength: 5 }),
    });
    fc.assert(
      fc.property(content, fc.constantFrom('amf0', 'amf3'), (said, encoding) => {
        expect(decodeSharedObject(encodeSharedObject(said, encoding))).toEqual(said);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('refuses names that have no room', () => {
    const content = { name: 'é'.repeat(32_768), version: 0, persistent: false, events: [] };
    expect(() => encodeSharedObject(content, 'amf0')).toThrow(RtmpUsageError);
  });
});
