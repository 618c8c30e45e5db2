import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../message/message.vectors.js';
import { failureOf, ScriptedClient } from './scripted-client.js';

const header = { timestamp: 0, messageStreamId: 0 };

/** Hand-built. "a", transaction id 3. */
const head = '02 0001 61  00 4008000000000000';
/** An AMF3 object of the externalizable class "x.Y". */
const externalizable = '11 0a 07 07 782e59 01020304';

/** What the client's bytes come to: the lines of the server's answers, and whether the connection goes on. */
function sent(messageTypeId: number, hex: string): { lines: string[]; failure: string | undefined } {
  const client = ScriptedClient.connected();
  client.sendRaw({ messageTypeId, ...header, payload: fromHex(hex) });
  return { lines: client.takeLines(), failure: failureOf(client.takeEvents()) };
}

describe('a call with an argument that is not supported', () => {
  it.each([
    ['an externalizable class without codec', 20, `${head} 05 ${externalizable}`],
    ['the same in type 17', 17, `00 ${head} 05 ${externalizable}`],
    ['the same in type 17 without the format byte', 17, `${head} 05 ${externalizable}`],
    ['the same inside an object', 20, `${head} 03 0001 62 ${externalizable} 000009`],
    ['a name in AMF3 before it', 17, `00 11 06 03 61 00 4008000000000000 05 ${externalizable}`],
    ['a movie clip', 20, `${head} 05 04`],
    ['a record set', 20, `${head} 05 0e 00000000`],
    ['an unknown format of type 17', 17, `03 ${head} 11 ff`],
  ])('%s: Call.BadVersion, and the connection goes on', (_what, messageTypeId, hex) => {
    expect(sent(messageTypeId, hex)).toEqual({
      lines: ['0 _error 3 NetConnection.Call.BadVersion'],
      failure: undefined,
    });
  });

  it('has no answer where none is wanted', () => {
    const hex = `02 0001 61  00 0000000000000000 05 ${externalizable}`;
    expect(sent(20, hex)).toEqual({ lines: [], failure: undefined });
  });

  it.each([
    ['truncated', 20, `${head} 05 02 0005 61`, 'ERR_AMF0_TRUNCATED'],
    ['truncated in AMF3', 17, `00 ${head} 05 11 0a 07 07 78`, 'ERR_AMF3_TRUNCATED'],
    ['a marker that there is not', 20, `${head} 05 20`, 'ERR_AMF0_UNKNOWN_MARKER'],
    ['a reference to nothing', 20, `${head} 05 07 0009`, 'ERR_AMF0_BAD_REFERENCE'],
    ['too deep', 20, `${head} 05 ${'03 0001 61'.repeat(100)} 04`, 'ERR_AMF0_TOO_DEEP'],
    ['a name that cannot be read either', 20, externalizable, 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE'],
    ['no transaction id', 20, `02 0001 61 05 ${externalizable}`, 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE'],
    ['an unknown format with something else', 17, '03 0603 61', 'ERR_RTMP_MESSAGE_FORMAT'],
    ['connect', 20, `02 0007 636f6e6e656374 00 4008000000000000 ${externalizable}`, 'ERR_AMF3_UNKNOWN_EXTERNALIZABLE'],
  ])('%s: the connection fails as ever', (_what, messageTypeId, hex, code) => {
    expect(sent(messageTypeId, hex)).toEqual({ lines: [], failure: code });
  });

  it('fails before connect', () => {
    const client = ScriptedClient.handshaken();
    client.sendRaw({ messageTypeId: 20, ...header, payload: fromHex(`${head} 05 04`) });
    expect(failureOf(client.takeEvents())).toBe('ERR_AMF0_RESERVED_MARKER');
  });

  it('is a refusal where it answers a call of the server', () => {
    const client = ScriptedClient.connected();
    expect(client.session.call('a', [])).toBe(1);
    const payload = fromHex(`02 0007 5f726573756c74 00 3ff0000000000000 05 ${externalizable}`);
    client.sendRaw({ messageTypeId: 20, ...header, payload });
    expect(client.takeEvents()).toMatchObject([
      { type: 'answer', answer: { transactionId: 1, ok: false, args: [expect.stringContaining('"x.Y"')] } },
    ]);
    // Nothing waits any more.
    client.sendRaw({ messageTypeId: 20, ...header, payload });
    expect(client.takeEvents()).toEqual([]);
  });

  it('survives any bytes behind the head', () => {
    fc.assert(
      fc.property(fc.constantFrom(17, 20), fc.uint8Array({ maxLength: 40 }), (messageTypeId, rest) => {
        const client = ScriptedClient.connected();
        const payload = Uint8Array.from([...fromHex(`${head} 05`), ...rest]);
        client.sendRaw({ messageTypeId, ...header, payload });
        client.takeEvents();
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
