/** Who wants to watch over HTTP. */
export interface Visitor {
  readonly transport: 'http-flv' | 'ws-flv' | 'http-recording';
  /** Empty when it is not known any more. */
  readonly address: string;
  readonly tls: boolean;
  /** The whole address, as far as the request tells. */
  readonly url: string;
  readonly app: string;
  readonly name: string;
  /** What follows the `?`; `''` where there is none. */
  readonly query: string;
  readonly referer: string;
  readonly userAgent: string;
  readonly bearerToken: string | undefined;
  /** Lets the viewer go, now or as soon as it is let in. */
  close(): void;
}

/** A viewer that was let in. */
export interface Visit {
  /** To be called when it has gone or did not get in after all; only the first time counts. */
  end(): void;
}

export type VisitOutcome =
  | { readonly ok: true; readonly visit: Visit }
  | {
      readonly ok: false;
      readonly kind: 'credentials' | 'forbidden' | 'redirect';
      readonly description: string;
      readonly redirectUrl?: string | undefined;
    };

/** Decides whether somebody may watch. At once where nobody must be waited for. Never rejects. */
export type Admit = (visitor: Visitor) => VisitOutcome | Promise<VisitOutcome>;
