import { describe, expect, it } from 'vitest';
import { type AmfInput, AmfXml, AmfXmlDocument, decodeAmf0, decodeAmf3, encodeAmf0, encodeAmf3 } from './index.js';

const text = 'x'.repeat(100);
const wide = `${'€'.repeat(33)}x`;

describe.each([
  ['AMF0', encodeAmf0, decodeAmf0, 'ERR_AMF0_STRING_TOO_LONG'],
  ['AMF3', encodeAmf3, decodeAmf3, 'ERR_AMF3_STRING_TOO_LONG'],
] as const)('%s', (_version, encode, decode, code) => {
  it.each<[string, AmfInput]>([
    ['a string', text],
    ['a string, by its bytes', wide],
    ['an XML document', new AmfXmlDocument(text)],
    ['XML', new AmfXml(text)],
    ['a member', { name: text }],
  ])('takes %s up to the limit', (_what, value) => {
    const bytes = encode([value]);
    expect(decode(bytes, { maxStringBytes: 100 })).toHaveLength(1);
    expect(() => decode(bytes, { maxStringBytes: 99 })).toThrow(expect.objectContaining({ code }));
  });

  it('takes 4 MiB where nobody says otherwise', () => {
    const most = 'x'.repeat(4 * 1024 * 1024);
    expect(decode(encode([most]))).toEqual([most]);
    expect(() => decode(encode([`${most}x`]))).toThrow(expect.objectContaining({ code }));
  });
});

it('takes a length beyond the input for cut off, not for too long', () => {
  const bytes = Uint8Array.of(0x0c, 0xff, 0xff, 0xff, 0xff);
  expect(() => decodeAmf0(bytes)).toThrow(expect.objectContaining({ code: 'ERR_AMF0_TRUNCATED' }));
});
