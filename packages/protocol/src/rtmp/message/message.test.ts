import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmfObject, type AmfValue } from '../../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { fromHex, messageErrors, messageVectors, vectorHeader } from './message.vectors.js';
import { statusCodes, statusLevel, statusObject } from './status.js';

const messageTypeIds = [1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20, 22, 255];

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

describe.each(messageVectors)('$name ($source)', ({ messageTypeId, payload, message, input = message, encodes }) => {
  const raw = { messageTypeId, ...vectorHeader, payload: fromHex(payload) };
  it('decodes', () => {
    expect(decodeMessage(raw)).toEqual(message);
  });
  if (encodes ?? true) {
    it('encodes', () => {
      expect(encodeMessage(input)).toEqual(raw);
    });
  }
  it('survives being cut at any byte', () => {
    for (let length = 0; length < raw.payload.length; length += 1) {
      remoteErrorCode(() => decodeMessage({ ...raw, payload: raw.payload.subarray(0, length) }));
    }
  });
});

describe('decodeMessage', () => {
  it.each(messageErrors)('refuses %s', (_name, messageTypeId, payload, code) => {
    const raw = { messageTypeId, ...vectorHeader, payload: fromHex(payload) };
    expect(remoteErrorCode(() => decodeMessage(raw))).toBe(code);
  });

  it('masks the top bit of a chunk size', () => {
    const raw = { messageTypeId: 1, ...vectorHeader, payload: fromHex('80000080') };
    expect(decodeMessage(raw)).toMatchObject({ chunkSize: 128 });
  });

  it('switches to AMF3 for a value behind marker 0x11 [Errata §7.2]', () => {
    const payload = fromHex('00 02000161 000000000000000000 05 11 0401');
    const message = decodeMessage({ messageTypeId: 17, ...vectorHeader, payload });
    expect(message).toMatchObject({ name: 'a', args: { length: 1 } });
  });

  it('hands limits on to AMF', () => {
    const values: AmfValue[] = ['a', 0, null, [[[]]]];
    const raw = encodeMessage({ type: 'data', ...vectorHeader, encoding: 'amf0', values });
    expect(decodeMessage(raw)).toMatchObject({ values });
    expect(remoteErrorCode(() => decodeMessage(raw, { maxDepth: 2 }))).toMatch(/^ERR_AMF/);
    expect(remoteErrorCode(() => decodeMessage(raw, { maxElements: 3 }))).toMatch(/^ERR_AMF/);
  });

  it('gives a message or a remote error for any bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messageTypeIds), fc.uint8Array({ maxLength: 64 }), (messageTypeId, payload) => {
        remoteErrorCode(() => decodeMessage({ messageTypeId, ...vectorHeader, payload }));
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('gives a message or a remote error for vectors with a changed byte', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messageVectors), fc.nat(), fc.nat(255), ({ messageTypeId, payload }, at, byte) => {
        const bytes = fromHex(payload);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        remoteErrorCode(() => decodeMessage({ messageTypeId, ...vectorHeader, payload: bytes }));
      }),
      { numRuns: 1000, seed: 2 },
    );
  });
});

describe('encodeMessage', () => {
  it('takes plain objects where AMF is wanted', () => {
    const raw = encodeMessage({
      type: 'command',
      ...vectorHeader,
      encoding: 'amf0',
      name: 'onStatus',
      transactionId: 0,
      commandObject: null,
      args: [{ level: 'status' }],
    });
    expect(decodeMessage(raw)).toMatchObject({ args: [new AmfObject([['level', 'status']])] });
  });

  it.each([0, 2 ** 31, Number.NaN])('refuses a chunk size of %d', (chunkSize) => {
    expect(() => encodeMessage({ type: 'setChunkSize', ...vectorHeader, chunkSize })).toThrow(RtmpUsageError);
  });
});

describe('status codes', () => {
  it('have the level that their names promise', () => {
    for (const [code, level] of Object.entries(statusCodes)) {
      if (/\.(Failed|BadName|Rejected|StreamNotFound|BadVersion|NoAccess|AppShutdown|InvalidApp)$/.test(code)) {
        expect([code, level]).toEqual([code, 'error']);
      }
      if (/\.(Success|Start|Stop|Reset|\w*Notify)$/.test(code)) expect([code, level]).toEqual([code, 'status']);
    }
    expect(statusLevel('NetStream.Play.InsufficientBW')).toBe('warning');
  });

  it('count as errors when nobody knows them', () => {
    expect(statusLevel('App.Wrong')).toBe('error');
    expect(statusLevel('constructor')).toBe('error');
  });

  it('become objects in the order of Flash Media Server, with extras', () => {
    const status = statusObject('NetStream.Play.Start', 'Started playing a.', { details: 'a', level: 'warning' });
    expect([...status.properties]).toEqual([
      ['level', 'warning'],
      ['code', 'NetStream.Play.Start'],
      ['description', 'Started playing a.'],
      ['details', 'a'],
    ]);
  });
});
