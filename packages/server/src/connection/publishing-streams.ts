import type { PublishRequest, RawMessage, ServerSession } from '@millrace/protocol';
import type { LiveStreams, Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';
import { type RecordPublicationOptions, recordPublication } from './record-publication.js';

export interface PublishingStreamsOptions {
  readonly streams: LiveStreams;
  readonly recordings: RecordPublicationOptions['recordings'];
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly gate: AdmissionGate;
  readonly log: Logger;
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** When the peer last sent something, on a monotonic clock, ms. */
  readonly lastActiveMs: () => number;
}

interface Publishing {
  readonly request: PublishRequest;
  readonly publication: Publication;
  readonly path: string;
}

/** The message streams of one connection that publish. */
export class PublishingStreams {
  readonly #options: PublishingStreamsOptions;
  readonly #publications = new Map<number, Publishing>();
  /** A name is being asked for at this moment. */
  #isStarting = false;
  #isClosed = false;

  constructor(options: PublishingStreamsOptions) {
    this.#options = options;
  }

  /** Takes the name for a request that was granted, and answers it. */
  start(request: PublishRequest, name: string): void {
    const { streams, recordings, session, transport, gate, log, lastActiveMs } = this.#options;
    const { messageStreamId } = request;
    const peer = session.peer;
    const app = peer?.app ?? '';
    const software = (peer?.flashVer ?? '').slice(0, maxSoftwareLength);
    this.#isStarting = true;
    const outcome = streams.publish(
      { app, name },
      {
        address: transport.remoteAddress,
        software,
        clientId: `${transport.remoteAddress} ${software} ${peer?.tcUrl ?? ''}`,
        lastActiveMs,
        localAddress: transport.localAddress,
      },
      {
        onReplaced: () => this.#replaced(messageStreamId, `${app}/${name}`),
        onIncompleteMetadata: (missing) =>
          log.warn({ stream: `${app}/${name}`, missing }, 'the metadata is incomplete'),
      },
    );
    this.#isStarting = false;
    if (outcome.ok && this.#isClosed) {
      // A player of it was this same peer, and could not be told that it begins.
      outcome.publication.end();
      gate.ended(request);
      return;
    }
    if (outcome.ok) {
      const path = `${app}/${name}`;
      const recorded = recordPublication({
        publishType: request.publishType,
        key: { app, name },
        publication: outcome.publication,
        recordings,
        tell: (...status) => this.#tell(messageStreamId, ...status),
        appPublication: gate.publication(request),
      });
      const publication = gate.watch(request, recorded);
      this.#publications.set(messageStreamId, { request, publication, path });
      session.accept(request);
      log.info({ stream: path, software }, 'publish');
      return;
    }
    const description =
      outcome.reason === 'busy' ? `${name} is already being published.` : 'The stream name is not valid.';
    session.reject(request, { code: 'NetStream.Publish.BadName', description });
    gate.ended(request);
    log.warn({ stream: `${app}/${name}`.slice(0, maxLoggedPath), reason: outcome.reason }, 'publish refused');
  }

  write(messageStreamId: number, message: RawMessage): void {
    this.#publications.get(messageStreamId)?.publication.write(message);
  }

  stopped(messageStreamId: number): void {
    const published = this.#publications.get(messageStreamId);
    if (published === undefined) return;
    this.#publications.delete(messageStreamId);
    published.publication.end();
    this.#options.gate.ended(published.request);
    this.#options.log.info({ stream: published.path }, 'unpublish');
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#publications.keys()]) this.stopped(messageStreamId);
  }

  #tell(messageStreamId: number, code: string, description: string): void {
    if (this.#isClosed) return;
    this.#options.session.sendStatus(messageStreamId, code, description);
    this.#options.flush();
  }

  /** An encoder that is only closed comes back at once and takes the name again; one that is refused stops. */
  #replaced(messageStreamId: number, path: string): void {
    const { session, transport, gate, flush } = this.#options;
    session.sendStatus(messageStreamId, 'NetStream.Publish.BadName', `Another publisher took over ${path}.`);
    const published = this.#publications.get(messageStreamId);
    // Its recorder must not go on: the newcomer's may want the same file.
    published?.publication.end();
    if (this.#isStarting) {
      // It is this connection's own other stream.
      this.#publications.delete(messageStreamId);
      if (published !== undefined) gate.ended(published.request);
      return;
    }
    flush();
    transport.end(`another publisher took over ${path}`);
  }
}

/** Clients may call themselves anything; a log line and a list of streams have room for this. */
const maxSoftwareLength = 200;
/** Names that are refused can be of any length. */
const maxLoggedPath = 300;
