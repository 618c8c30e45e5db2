import {
  type AmfObject,
  type AmfPacket,
  type CallRequest,
  decodeAmfPacket,
  type FlexRequest,
  flexOperations,
  parseFlexRequest,
  RtmpRemoteError,
} from '@millrace/protocol';
import type { Denial } from '../access/index.js';
import { Admission, type Admissions } from '../admission/index.js';
import { type CallOutcome, refusedCall } from '../app/index.js';
import type { Config } from '../config/index.js';
import type { RemotingPost } from '../http/index.js';
import type { Logger } from '../log/index.js';
import { type CallRefusal, RemotingAnswer, type RemotingCall } from './remoting-answer.js';
import { credentialsHeader, credentialsOf } from './remoting-credentials.js';

export interface RemotingGatewayOptions {
  readonly config: Pick<Config, 'limits'>;
  readonly admissions: Admissions;
  /** What clients connect to that do not name an application. */
  readonly defaultApp: string;
  readonly log: Logger;
}

/** 1 is AMF0 from Flash Communication Server. */
const knownVersions: readonly number[] = [0, 1, 3];
const knownHeaders: readonly string[] = [credentialsHeader];
/** Clients number their calls: `/1`. It comes back with a suffix, which must have room. */
const maxResponseUriLength = 256;
/** Names can be of any length; an answer has room for this. */
const maxShownName = 200;

/**
 * Flash Remoting: the calls that NetConnections make over HTTP, to the procedures that they could call over RTMP. Every
 * packet is a client of its own: it connects, its calls are made one after another, and it goes.
 */
export class RemotingGateway {
  readonly #options: RemotingGatewayOptions;

  constructor(options: RemotingGatewayOptions) {
    this.#options = options;
  }

  /** Rejects with `RtmpRemoteError` where the packet is malformed. */
  async answer(post: RemotingPost): Promise<Uint8Array> {
    const { amfDepth: maxDepth, amfElements: maxElements, messageBytes: maxBytes } = this.#options.config.limits;
    const packet = decodeAmfPacket(post.body, { maxDepth, maxElements, maxBytes });
    checkResponseUris(packet);
    const calls = packet.messages.map((message): RemotingCall => ({ message, flex: flexRequestOf(message.value) }));
    const answer = new RemotingAnswer(packet.version === 3 ? 3 : 0);
    const refusal = refusalOf(packet);
    if (refusal !== undefined) for (const call of calls) answer.refuse(call, refusal);
    else if (calls.length > 0) await this.#connect(post, packet, calls, answer);
    return answer.finish();
  }

  async #connect(
    post: RemotingPost,
    packet: AmfPacket,
    calls: readonly RemotingCall[],
    answer: RemotingAnswer,
  ): Promise<void> {
    const credentials = credentialsOf(
      packet,
      calls.map(({ flex }) => flex),
    );
    let isClosed = false;
    const opened = this.#open(post, credentials, () => {
      isClosed = true;
    });
    if (opened !== undefined && !(opened instanceof Admission)) {
      for (const call of calls) answer.refuse(call, denied(opened));
      return;
    }
    try {
      const denial = await opened?.connect();
      if (denial === undefined) opened?.accepted();
      for (const call of calls) {
        if (post.isGone()) return;
        if (denial !== undefined) answer.refuse(call, denied(denial));
        else if (isClosed) answer.refuse(call, closed);
        else await makeCall(call, opened, answer);
      }
    } finally {
      opened?.disconnected();
    }
  }

  #open(post: RemotingPost, credentials: AmfObject, close: () => void): Admission | Denial | undefined {
    const { admissions, defaultApp, log } = this.#options;
    const { address, tls, bearerToken } = post;
    const details = {
      app: post.app === '' ? defaultApp : post.app,
      query: post.query,
      tcUrl: post.url,
      pageUrl: post.referer,
      swfUrl: '',
      flashVer: post.userAgent,
      commandObject: credentials,
      args: [],
    };
    return admissions.open(details, () => ({ transport: 'remoting', address, tls, bearerToken, close }), log);
  }
}

/** `admission` `undefined`: there is no application, and so no procedure. */
async function makeCall(call: RemotingCall, admission: Admission | undefined, answer: RemotingAnswer): Promise<void> {
  const { message, flex } = call;
  if (flex?.kind === 'command') {
    answerCommand(call, flex.operation, answer);
    return;
  }
  const [names, args] =
    flex === undefined ? [[message.targetUri], argumentsOf(message.value)] : [namesOf(flex), flex.args];
  let request = callRequest(names[0] ?? '', args);
  let outcome: CallOutcome = { ok: false };
  for (const name of names) {
    request = callRequest(name, args);
    outcome = (await admission?.call(request)) ?? refusedCall(name);
    if (!isUnknown(outcome)) break;
  }
  if (!outcome.ok) {
    answer.refuse(call, isUnknown(outcome) ? unknownProcedure(names[0] ?? '') : failed(outcome));
    return;
  }
  try {
    answer.result(call, outcome.value);
  } catch (error) {
    answer.refuse(call, failed(admission?.unsendable(request, error) ?? { ok: false }));
  }
}

/** What a connection of Flex says before and after its calls. Nothing is kept of it: every packet connects anew. */
function answerCommand(call: RemotingCall, operation: number, answer: RemotingAnswer): void {
  switch (operation) {
    case flexOperations.clientPing:
      answer.result(call, null);
      return;
    case flexOperations.login:
    case flexOperations.logout:
      answer.result(call, 'success');
      return;
    default:
      answer.refuse(call, {
        code: callFailed,
        description: 'There are no subscriptions here, only calls.',
        faultCode: 'Server.Processing',
      });
  }
}

const callFailed = 'NetConnection.Call.Failed';

const closed: CallRefusal = {
  code: 'NetConnection.Connect.Closed',
  description: 'The application closed the connection.',
  faultCode: 'Server.Processing',
};

/** A message of Flex is the only argument, whatever the target says. */
function flexRequestOf(value: AmfPacket['messages'][number]['value']): FlexRequest | undefined {
  return Array.isArray(value) && value.length === 1 ? parseFlexRequest(value[0]) : parseFlexRequest(value);
}

function argumentsOf(value: AmfPacket['messages'][number]['value']): CallRequest['args'] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined ? [] : [value];
}

/** The procedures that a call of Flex may mean, the first that exists. */
function namesOf({ source, destination, operation }: FlexRequest & { readonly kind: 'remoting' }): readonly string[] {
  const services = [source, destination].filter((service) => service !== undefined && service !== '');
  return [...new Set([...services.map((service) => `${service}.${operation}`), operation])];
}

function callRequest(name: string, args: CallRequest['args']): CallRequest {
  return { kind: 'call', name, transactionId: 1, messageStreamId: 0, commandObject: null, args };
}

function isUnknown(outcome: CallOutcome): boolean {
  return !outcome.ok && outcome.code === undefined && outcome.description === undefined;
}

function unknownProcedure(name: string): CallRefusal {
  return {
    code: callFailed,
    description: `Method not found (${name.slice(0, maxShownName)}).`,
    faultCode: 'Server.ResourceUnavailable',
  };
}

function failed({ code, description = 'The call failed.' }: CallOutcome & { readonly ok: false }): CallRefusal {
  return { code: code ?? callFailed, description, faultCode: code ?? 'Server.Processing' };
}

function denied({ kind, code, description, redirectUrl }: Denial): CallRefusal {
  const faultCode = kind === 'credentials' ? 'Client.Authentication' : 'Client.Authorization';
  return { code, description, faultCode, redirectUrl };
}

/** Why no call of the packet is made. */
function refusalOf({ version, headers }: AmfPacket): CallRefusal | undefined {
  if (!knownVersions.includes(version)) {
    return {
      code: 'NetConnection.Call.BadVersion',
      description: `Version ${version} of the packet is not known.`,
      faultCode: 'Client.Packet.Encoding',
    };
  }
  const unknown = headers.find(({ name, mustUnderstand }) => mustUnderstand && !knownHeaders.includes(name));
  if (unknown === undefined) return undefined;
  return {
    code: callFailed,
    description: `The header ${JSON.stringify(unknown.name.slice(0, maxShownName))} is not understood.`,
    faultCode: 'Client.Packet.Header',
  };
}

function checkResponseUris({ messages }: AmfPacket): void {
  for (const { responseUri } of messages) {
    if (responseUri.length <= maxResponseUriLength) continue;
    throw new RtmpRemoteError(
      'ERR_AMF_PACKET_RESPONSE_URI',
      `A response URI of ${responseUri.length} characters, ${maxResponseUriLength} allowed`,
    );
  }
}
