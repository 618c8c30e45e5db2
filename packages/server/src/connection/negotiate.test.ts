import { AmfObject, type AmfValue } from '@millrace/protocol';
import { expect, it } from 'vitest';
import { negotiated } from './negotiate.js';

it.each<[AmfValue, object]>([
  ['rtmp,http,private', { negotiate: 'rtmp' }],
  ['private,ws,rtmp', { negotiate: 'ws' }],
  [' RTMP ', { negotiate: 'rtmp' }],
  ['rtmfp,http', {}],
  ['', {}],
  [7, {}],
  [null, {}],
  [undefined, {}],
  [`${'x,'.repeat(600)}rtmp`, {}],
])('of %j the first that is offered', (wanted, answer) => {
  expect(negotiated({ commandObject: new AmfObject([['negotiate', wanted]]) }, ['rtmp', 'ws'])).toEqual(answer);
});
