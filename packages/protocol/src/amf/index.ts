export { type AmfLimits, defaultAmfLimits } from './amf-limits.js';
export { amfObject } from './amf-object.js';
export { type AmfPlain, amfToPlain } from './amf-to-plain.js';
export { decodeAmf0, encodeAmf0 } from './amf0.js';
export { Amf0Decoder } from './amf0-decoder.js';
export { Amf0Encoder } from './amf0-encoder.js';
export * from './value.js';
