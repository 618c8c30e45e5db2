import type { ConnectRequest } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { hasChunkSizeFault } from './chunk-size-fault.js';

it.each([
  [true, 'FMLE/3.0 (compatible; Lavf62.3.100)', true],
  [true, 'LNX 9,0,124,2', false],
  [true, 'FMLE/3.0 (compatible; FMSc/1.0)', false],
  [true, '', false],
  [undefined, 'FMLE/3.0 (compatible; Lavf62.3.100)', false],
])('rtmpe %s, %j: %s', (rtmpe, flashVer, expected) => {
  const transport = rtmpe === undefined ? {} : { rtmpe };
  expect(hasChunkSizeFault(transport, { flashVer } as ConnectRequest)).toBe(expected);
});
