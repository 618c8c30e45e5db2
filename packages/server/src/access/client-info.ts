/** How a client reached the server. */
export type ClientTransport = 'rtmp' | 'http-flv' | 'ws-flv' | 'http-recording' | 'remoting';

/** Who asks to connect, publish or play. What the client says of itself can be anything. */
export interface ClientInfo {
  /** Not given to any other client of this server process. */
  readonly id: string;
  readonly transport: ClientTransport;
  /** `203.0.113.7` or `2001:db8::7`; `''` where it is not known any more. */
  readonly address: string;
  /** Whether the connection is encrypted with TLS, as far as this server sees. */
  readonly tls: boolean;
  /** What it connected to, without the query: `chat` or `chat/room1`. */
  readonly app: string;
  /** The address as the client has it; `''` where it does not say. */
  readonly tcUrl: string;
  /** The query of the address: of `tcUrl`, or, where that has none, of the application's name. */
  readonly query: URLSearchParams;
  /** The page and the program that the client runs in, as it says; `''` where it does not. */
  readonly pageUrl: string;
  readonly swfUrl: string;
  /** The client's software, as it calls itself: `flashVer` over RTMP, `User-Agent` over HTTP. */
  readonly flashVer: string;
  /** The token of `Authorization: Bearer` over HTTP; `undefined` where there is none. */
  readonly bearerToken: string | undefined;
}
