import type { IncomingMessage } from 'node:http';
import type { Logger } from '../log/index.js';
import { notPublished, type PlainAnswer } from './plain-answer.js';
import type { StreamSource } from './stream-source.js';
import type { Admit, Visit, VisitOutcome, Visitor } from './visit.js';
import { refused, visitorOf } from './visitor-of.js';

export interface DoorOptions {
  readonly streams: Pick<StreamSource, 'isValidName'>;
  readonly admit: Admit;
  readonly logger: Logger;
}

/** Somebody who wants to watch. */
export interface Caller {
  readonly request: IncomingMessage;
  readonly transport: Visitor['transport'];
  readonly target: Pick<Visitor, 'app' | 'name' | 'query'>;
  /** As `Visitor.close`. */
  readonly close: () => void;
  readonly refuse: (refusal: PlainAnswer) => void;
  /** Is let in. */
  readonly enter: (visit: Visit) => void;
}

/** Where everybody comes by who wants to watch over HTTP. */
export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Calls `enter` for who may watch, unless it has gone in the meantime, else `refuse`. */
  knock({ request, transport, target, close, refuse, enter }: Caller): void {
    const { streams, admit, logger } = this.#options;
    const { socket } = request;
    // What cannot exist is nobody's business.
    if (!streams.isValidName(target.app, target.name)) {
      refuse(notPublished(target));
      return;
    }
    const proceed = (outcome: VisitOutcome): void => {
      if (!outcome.ok) refuse(refused(outcome));
      else if (socket.destroyed) outcome.visit.end();
      else enter(outcome.visit);
    };
    // Nobody awaits a late decision: thrown on, a fault would end the process.
    const fault = (err: unknown): void => {
      logger.error({ err }, 'a fault in the server ends a request; please report it');
      socket.destroy();
    };
    const outcome = admit({ ...visitorOf(request, transport, target), close });
    if (outcome instanceof Promise) void outcome.then(proceed).catch(fault);
    else proceed(outcome);
  }
}
