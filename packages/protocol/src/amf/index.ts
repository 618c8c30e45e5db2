export { type AmfLimits, defaultAmfLimits } from './amf-limits.js';
export { amfObject } from './amf-object.js';
export {
  type AmfClassMapping,
  type AmfDecodeOptions,
  type AmfEncodeOptions,
  type AmfExternalCodec,
  type AmfExternalInput,
  type AmfExternalOutput,
  AmfRegistry,
} from './amf-registry.js';
export { type AmfPlain, amfToPlain, amfToPlainWithin } from './amf-to-plain.js';
export { decodeAmf0, encodeAmf0 } from './amf0.js';
export { Amf0Decoder } from './amf0-decoder.js';
export { Amf0Encoder } from './amf0-encoder.js';
export { Amf3Decoder, decodeAmf3, encodeAmf3 } from './amf3.js';
export { Amf3Encoder } from './amf3-encoder.js';
export {
  type FlexAnswer,
  type FlexCommandRequest,
  type FlexFault,
  type FlexRemotingRequest,
  type FlexRequest,
  flexAcknowledgement,
  flexError,
  flexOperations,
  parseFlexRequest,
} from './flex-messages.js';
export {
  type AmfPacket,
  type AmfPacketDecodeOptions,
  AmfPacketEncoder,
  type AmfPacketHeader,
  type AmfPacketInput,
  type AmfPacketMessage,
  decodeAmfPacket,
  encodeAmfPacket,
} from './remoting-packet.js';
export * from './value.js';
