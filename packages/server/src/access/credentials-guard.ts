import type { Config } from '../config/index.js';
import { AdobeAuthentication, needAuthentication } from './adobe-authentication.js';
import type { ClientInfo } from './client-info.js';
import { type CredentialResult, validCredential } from './credential.js';
import { denial } from './denial.js';
import type { Guard, RequestedPublication, RequestedStream, Verdict } from './guard.js';
import { PublishKeys } from './publish-keys.js';
import { SignedLinks } from './signed-links.js';
import { WebTokens } from './web-tokens.js';

export interface CredentialsGuardOptions {
  readonly config: Config['access'];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

type StreamAction = 'publish' | 'play';
type Check = (client: ClientInfo, stream: RequestedStream) => CredentialResult | Promise<CredentialResult>;

const encoderPrefix = 'FMLE/';
const noUser: CredentialResult = { outcome: 'missing', description: 'User and password are needed.' };

/** Keys, signed links, tokens, users: of all the kinds that are configured for an action, one that is valid is enough, where none is wrong. */
export class CredentialsGuard implements Guard {
  readonly #keys: PublishKeys;
  readonly #users: AdobeAuthentication | undefined;
  /** Clients that have authenticated. */
  readonly #authenticated = new WeakSet<ClientInfo>();
  readonly #checks: Readonly<Record<StreamAction, readonly Check[]>>;

  /** @throws ConfigError where a key file cannot be used, or keys contradict each other. */
  constructor({ config, nowMs }: CredentialsGuardOptions) {
    this.#keys = new PublishKeys(config.publishKeys);
    this.#users = config.users.size > 0 ? new AdobeAuthentication({ users: config.users, nowMs }) : undefined;
    const links = config.urlSecret.length > 0 ? new SignedLinks({ secrets: config.urlSecret, nowMs }) : undefined;
    const hasTokens = config.jwtSecret.length > 0 || config.jwtKeyFile !== '';
    const tokens = hasTokens ? new WebTokens({ config, nowMs }) : undefined;
    const checksOf = (action: StreamAction): Check[] => {
      const checks: Check[] = [];
      if (links !== undefined && isFor(config.urlFor, action))
        checks.push((...asked) => links.check(asked[0], action, asked[1]));
      if (tokens !== undefined && isFor(config.jwtFor, action))
        checks.push((...asked) => tokens.check(asked[0], action, asked[1]));
      return checks;
    };
    const publish = checksOf('publish');
    if (!this.#keys.isEmpty) publish.unshift((client, stream) => this.#keys.check(client, stream));
    if (this.#users !== undefined)
      publish.push((client) => (this.#authenticated.has(client) ? validCredential : noUser));
    this.#checks = { publish, play: checksOf('play') };
  }

  /** Nothing is asked for. */
  get isEmpty(): boolean {
    return this.#checks.publish.length === 0 && this.#checks.play.length === 0;
  }

  connect(client: ClientInfo): Verdict {
    if (this.#users === undefined) return undefined;
    const result = this.#users.connect(client);
    switch (result.step) {
      case 'authenticated':
        this.#authenticated.add(client);
        return undefined;
      case 'refused':
        return result.denial;
      case 'none':
        return this.#mustBeUser(client) ? needAuthentication : undefined;
      default:
        return result satisfies never;
    }
  }

  publish(client: ClientInfo, stream: RequestedPublication): Verdict | Promise<Verdict> {
    return this.#decide('publish', client, stream);
  }

  play(client: ClientInfo, stream: RequestedStream): Verdict | Promise<Verdict> {
    return this.#decide('play', client, stream);
  }

  resolvePublication(client: ClientInfo, stream: RequestedPublication): RequestedPublication {
    return this.#keys.resolve(client, stream) ?? stream;
  }

  /**
   * An encoder gives its user only when it is refused at once. Where it could still give a key or a token with `publish`,
   * it is let in.
   */
  #mustBeUser({ flashVer }: ClientInfo): boolean {
    return flashVer.startsWith(encoderPrefix) && this.#checks.publish.length === 1;
  }

  #decide(action: StreamAction, client: ClientInfo, stream: RequestedStream): Verdict | Promise<Verdict> {
    const checks = this.#checks[action];
    if (checks.length === 0) return undefined;
    const results: CredentialResult[] = [];
    const waiting: Promise<CredentialResult>[] = [];
    for (const check of checks) {
      const result = check(client, stream);
      if (result instanceof Promise) waiting.push(result);
      else results.push(result);
    }
    if (waiting.length === 0) return verdictOf(action, results);
    return Promise.all(waiting).then((late) => verdictOf(action, [...results, ...late]));
  }
}

/** A wrong one refuses beside a valid one: who gave it means it, and hears of it before the other one expires too. */
function verdictOf(action: StreamAction, results: readonly CredentialResult[]): Verdict {
  let [isGranted, missing] = [false, ''];
  for (const result of results) {
    switch (result.outcome) {
      case 'wrong':
        return denial(action, 'credentials', result.description);
      case 'valid':
        isGranted = true;
        break;
      case 'missing':
        missing = missing === '' ? result.description : 'Credentials are needed.';
        break;
      default:
        result satisfies never;
    }
  }
  return isGranted ? undefined : denial(action, 'credentials', missing);
}

function isFor(setting: 'publish' | 'play' | 'both', action: StreamAction): boolean {
  return setting === 'both' || setting === action;
}
