/** What was asked for. */
export type AccessAction = 'connect' | 'publish' | 'play';

/** Why a client does not get what it asks for. */
export interface Denial {
  /**
   * `credentials`: none, wrong or expired ones (401 over HTTP). `forbidden`: no credentials would help (403).
   * `redirect`: it is to go to `redirectUrl` (302).
   */
  readonly kind: 'credentials' | 'forbidden' | 'redirect';
  /** The status code over RTMP, such as `NetStream.Publish.BadName`. */
  readonly code: string;
  /** Shown to the client. Says nothing about what exists. */
  readonly description: string;
  readonly redirectUrl?: string;
}

/** What a denial is called over RTMP where nobody says otherwise. */
export const denialCodes = {
  connect: 'NetConnection.Connect.Rejected',
  publish: 'NetStream.Publish.BadName',
  play: 'NetStream.Play.Failed',
} as const satisfies Record<AccessAction, string>;

export function denial(action: AccessAction, kind: 'credentials' | 'forbidden', description: string): Denial {
  return { kind, code: denialCodes[action], description };
}
