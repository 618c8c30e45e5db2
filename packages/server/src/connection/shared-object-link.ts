import type { RtmpRemoteError, ServerSession } from '@millrace/protocol';
import type { Config } from '../config/index.js';
import type { Logger } from '../log/index.js';
import { SharedObjectClient, type SharedObjects } from '../shared-object/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';

interface LinkOptions {
  readonly objects: SharedObjects;
  readonly config: Pick<Config, 'sharedObjects'>;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly gate: AdmissionGate;
  readonly log: Logger;
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** Goes on with what has come in the meantime. */
  readonly resume: () => void;
  readonly now: () => number;
}

/** What one connection has to do with shared objects. */
export function sharedObjectLink(options: LinkOptions): SharedObjectClient {
  const { objects, config, session, transport, gate, log, flush, resume, now } = options;
  return new SharedObjectClient({
    objects,
    limits: config.sharedObjects,
    app: () => session.peer?.app ?? '',
    format: () => ({ chunkSize: session.chunkSize, objectEncoding: session.objectEncoding }),
    sink: {
      get pendingBytes() {
        return transport.pendingBytes;
      },
      write: (bytes) => transport.write(bytes),
      close(error: RtmpRemoteError) {
        log.warn({ code: error.code, error: error.message }, 'closing the user of a shared object');
        transport.end(error.code);
      },
    },
    access: () => gate.sharedObjects,
    say(content) {
      session.sendSharedObject(content);
      flush();
    },
    resume,
    now,
  });
}
