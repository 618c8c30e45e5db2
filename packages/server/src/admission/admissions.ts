import { type AccessAction, type Denial, denial, type Guard } from '../access/index.js';
import {
  type App,
  AppConnection,
  type AppPeer,
  type ConnectDetails,
  ConnectedClient,
  findHandlers,
} from '../app/index.js';
import type { Config } from '../config/index.js';
import type { StreamKey } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { ServerMessage } from '../service/index.js';
import { Admission } from './admission.js';

export interface AdmissionsOptions {
  readonly config: Pick<Config, 'app' | 'limits'>;
  readonly guards: readonly Guard[];
  readonly app: App | undefined;
  /** Sends to a service. */
  readonly broadcast: (key: StreamKey, message: ServerMessage) => void;
}

/** Who has a say about the clients of this server: guards made of the configuration, and its user's application. */
export class Admissions {
  readonly #options: AdmissionsOptions;
  readonly #refusals: Record<AccessAction, number> = { connect: 0, publish: 0, play: 0 };

  constructor(options: AdmissionsOptions) {
    this.#options = options;
  }

  /** How often somebody was refused, by what was asked for. */
  get refusals(): Readonly<Record<AccessAction, number>> {
    return this.#refusals;
  }

  /** `undefined`: nobody has a say, everything is granted. `peer` is made only where somebody has. */
  open(details: ConnectDetails, peer: () => AppPeer, log: Logger): Admission | Denial | undefined {
    const { config, guards, app, broadcast } = this.#options;
    const handlers = app === undefined ? undefined : findHandlers(app, details.app);
    if (app !== undefined && handlers === undefined && config.app.onlyKnown) {
      log.info({ app: details.app.slice(0, maxLoggedName) }, 'refused: there is no such application');
      this.#refusals.connect += 1;
      return { ...denial('connect', 'forbidden', 'There is no such application.'), code: invalidApp };
    }
    if (handlers === undefined && guards.length === 0) return undefined;
    const client = new ConnectedClient(peer(), details);
    const { amfDepth: maxDepth, amfElements: maxElements } = config.limits;
    const { timeoutMs } = config.app;
    const connection =
      handlers &&
      new AppConnection({
        handlers,
        client,
        timeoutMs,
        amfLimits: { maxDepth, maxElements },
        log,
        broadcast: (name, message) => broadcast({ app: details.app, name }, message),
      });
    const onRefused = (action: AccessAction): void => {
      this.#refusals[action] += 1;
    };
    return new Admission({ guards, client, app: connection, log, onRefused });
  }
}

const invalidApp = 'NetConnection.Connect.InvalidApp';

/** Names can be of any length; a log line has room for this. */
const maxLoggedName = 200;
