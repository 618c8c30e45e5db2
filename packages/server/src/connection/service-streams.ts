import {
  type RtmpRemoteError,
  type ServeRequest,
  type ServerSession,
  type ServiceCall,
  serveStatusCodes,
} from '@millrace/protocol';
import { streamPath } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { MemberSink, Membership, ServiceRooms } from '../service/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';

export interface ServiceStreamsOptions {
  readonly rooms: ServiceRooms;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly gate: AdmissionGate;
  readonly log: Logger;
  /** Sends what the session has to say. */
  readonly flush: () => void;
}

interface Place {
  readonly request: ServeRequest;
  readonly path: string | undefined;
  readonly membership: Membership;
}

/** The message streams of one connection that are attached to services. */
export class ServiceStreams {
  readonly #options: ServiceStreamsOptions;
  readonly #places = new Map<number, Place>();
  #isClosed = false;

  constructor(options: ServiceStreamsOptions) {
    this.#options = options;
  }

  serve(request: ServeRequest): void {
    const { rooms, gate } = this.#options;
    const complaint = rooms.nameComplaint(this.#key(withoutQuery(request.streamName)));
    // What cannot exist is nobody's business.
    if (complaint !== undefined) this.#refuse(request, complaint);
    else gate.decide(request, (name) => this.#attach(request, withoutQuery(name)));
  }

  take(call: ServiceCall): void {
    this.#places.get(call.messageStreamId)?.membership.take(call);
  }

  /** The place in the service of a stream, by its path; `undefined`: there is none. */
  membershipOf(path: string): Membership | undefined {
    if (this.#places.size === 0) return undefined;
    return [...this.#places.values()].find((place) => place.path === path)?.membership;
  }

  stopped(messageStreamId: number): void {
    const place = this.#places.get(messageStreamId);
    if (place === undefined) return;
    this.#places.delete(messageStreamId);
    place.membership.close();
    this.#options.gate.ended(place.request);
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#places.keys()]) this.stopped(messageStreamId);
  }

  #attach(request: ServeRequest, name: string): void {
    const { rooms, session, gate, log, flush } = this.#options;
    const { messageStreamId } = request;
    const { chunkSize, objectEncoding } = session;
    const key = this.#key(name);
    const outcome = rooms.attach({
      key,
      format: { messageStreamId, chunkSize, objectEncoding },
      sink: this.#sink(messageStreamId),
      moderate: gate.moderator(request),
    });
    if (!outcome.ok) {
      log.warn({ service: name.slice(0, maxLoggedName), reason: outcome.description }, 'serve refused');
      this.#refuse(request, outcome.description);
      gate.ended(request);
      return;
    }
    const { membership } = outcome;
    this.#places.set(messageStreamId, { request, path: streamPath(key), membership });
    const { created, attached } = serveStatusCodes;
    session.accept(request, {
      code: membership.isFirst ? created : attached,
      description: membership.isFirst ? `The service ${name} is created.` : `Attached to the service ${name}.`,
    });
    // What was said before stands behind the answer.
    flush();
    log.debug({ service: `${key.app}/${name}` }, 'serve');
    if (!this.#isClosed) membership.greet();
  }

  #refuse(request: ServeRequest, description: string): void {
    this.#options.session.reject(request, { code: serveStatusCodes.refused, description });
  }

  #key(name: string): { readonly app: string; readonly name: string } {
    return { app: this.#options.session.peer?.app ?? '', name };
  }

  #sink(messageStreamId: number): MemberSink {
    const { session, transport, log, flush } = this.#options;
    const refuse = (description: string): void => {
      session.sendStatus(messageStreamId, serveStatusCodes.refused, description);
      flush();
    };
    return {
      get pendingBytes() {
        return transport.pendingBytes;
      },
      write: (bytes) => transport.write(bytes),
      refuse,
      close(error: RtmpRemoteError) {
        log.warn({ code: error.code, error: error.message }, 'closing the member of a service');
        refuse(error.message);
        transport.end(error.code);
      },
      failed(err) {
        log.error({ err }, 'a fault in the server ends the connection; please report it');
        transport.close('a fault in the server');
      },
    };
  }
}

/** Names can be of any length; a log line has room for this. */
const maxLoggedName = 200;

/** Credentials stand behind the name of a service as they do behind that of a stream. */
function withoutQuery(name: string): string {
  const query = name.indexOf('?');
  return query < 0 ? name : name.slice(0, query);
}
