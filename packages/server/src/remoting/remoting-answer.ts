import { randomUUID } from 'node:crypto';
import {
  Amf3Value,
  type AmfInput,
  AmfPacketEncoder,
  type AmfPacketMessage,
  amfObject,
  type FlexRequest,
  flexAcknowledgement,
  flexError,
  statusObject,
} from '@millrace/protocol';

/** Why a call gets no result. */
export interface CallRefusal {
  /** A status code: `NetConnection.Call.Failed`. */
  readonly code: string;
  readonly description: string;
  /** What clients of Flex are told instead of the status code: `Server.Processing`. */
  readonly faultCode: string;
  readonly redirectUrl?: string | undefined;
}

/** A message of a packet, and what a client of Flex asks for in it. */
export interface RemotingCall {
  readonly message: AmfPacketMessage;
  /** `undefined`: the message is no message of Flex. */
  readonly flex: FlexRequest | undefined;
}

/** The packet that answers another, message by message, in the encoding of that. */
export class RemotingAnswer {
  readonly #packet: AmfPacketEncoder;
  readonly #isAmf3: boolean;

  /** `version`: 0 or 3. */
  constructor(version: number) {
    this.#packet = new AmfPacketEncoder(version);
    this.#isAmf3 = version === 3;
  }

  /** @throws RtmpUsageError for a value that cannot be sent; the call can be refused then. */
  result({ message, flex }: RemotingCall, value: AmfInput): void {
    this.#add(message, 'onResult', flex === undefined ? value : flexAcknowledgement(flex, envelope(), value));
  }

  refuse({ message, flex }: RemotingCall, refusal: CallRefusal): void {
    const { code, description, faultCode, redirectUrl } = refusal;
    if (flex !== undefined) {
      const fault = { faultCode, faultString: description, faultDetail: code };
      this.#add(message, 'onStatus', flexError(flex, envelope(), fault));
      return;
    }
    const ex = redirectUrl === undefined ? {} : { ex: amfObject({ code: 302, redirect: redirectUrl }) };
    // Whatever the level of such a status is elsewhere: here a call has failed.
    this.#add(message, 'onStatus', statusObject(code, description, { level: 'error', ...ex }));
  }

  finish(): Uint8Array {
    return this.#packet.finish();
  }

  #add({ responseUri }: AmfPacketMessage, method: 'onResult' | 'onStatus', value: AmfInput): void {
    // BlazeDS and PyAMF write "null" where there is no response to an answer.
    this.#packet.addMessage(`${responseUri}/${method}`, 'null', this.#isAmf3 ? new Amf3Value(value) : value);
  }
}

function envelope(): { readonly messageId: string; readonly timestamp: number } {
  return { messageId: randomUUID().toUpperCase(), timestamp: Date.now() };
}
