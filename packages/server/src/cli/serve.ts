import { type App, loadApp } from '../app/index.js';
import { type Config, loadConfig } from '../config/index.js';
import { type Demo, startDemo } from '../demo/index.js';
import { createLogger, type Logger } from '../log/index.js';
import { type RunningServer, startServer } from '../server.js';
import { version } from '../version.js';
import { prepareFolders } from './prepare-folders.js';
import { readyJson, readyText } from './ready-message.js';
import { explainStartError } from './start-error.js';
import { stopOnSignals } from './stop-on-signals.js';

export interface ServeOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly log?: 'pretty' | 'json';
  readonly app?: string;
  readonly demo: boolean;
}

/** Time that connections get to take what they are still due when the server stops, ms. */
const drainMs = 3500;

/** `millrace serve`: resolves once the server runs. Ends the process with 1 and one line when it cannot. */
export async function serve(options: ServeOptions): Promise<void> {
  let config: Config | undefined;
  try {
    const log = options.log === undefined ? [] : [`log.format=${options.log}`];
    config = withApp(loadConfig({ file: options.config, set: [...options.set, ...log] }), options.app);
    prepareFolders(config);
    const app = config.app.file === '' ? undefined : await loadApp(config.app.file);
    await run(config, options.demo, app);
  } catch (error) {
    const explanation = explainStartError(error, config);
    // What nobody foresaw keeps its stack: it is to be reported and mended.
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exit(1);
  }
}

async function run(config: Config, withDemo: boolean, app: App | undefined): Promise<void> {
  const logger = createLogger({ ...config.log, colors: process.stdout.isTTY && process.env.NO_COLOR === undefined });
  endOnBugs(logger, app !== undefined);
  if (app !== undefined) surviveRejections(logger);
  let server: RunningServer | undefined;
  let demo: Demo | undefined;
  stopOnSignals(logger, async () => {
    demo?.stop();
    await server?.close(drainMs);
  });
  server = await startServer(config, logger, app && { app });
  if (withDemo) demo = startDemo(server.streams, logger);
  const { encrypted, tunneled } = config.rtmp;
  const facts = { ...server, version, encrypted, tunneled, demo: withDemo };
  process.stdout.write(config.log.format === 'json' ? readyJson(facts, Date.now()) : readyText(facts));
}

/** Not as a setting of text: a file may be called `true`. */
function withApp(config: Config, file: string | undefined): Config {
  return file === undefined ? config : { ...config, app: { ...config.app, file } };
}

/** A promise that the application left alone concerns one request at most: the others go on. */
function surviveRejections(logger: Logger): void {
  process.on('unhandledRejection', (err) => {
    logger.error({ err }, 'a promise was rejected and nobody handled it; look for an await in your application');
  });
}

/** An error that nobody caught leaves unknown state behind: it is shown and the process ends, for a supervisor to start anew. */
function endOnBugs(logger: Logger, hasApp: boolean): void {
  process.on('uncaughtException', (err, origin) => {
    const message = hasApp ? 'a bug in the application or in millrace' : 'a bug in millrace; please report it';
    logger.error({ err, origin }, message);
    process.exit(1);
  });
}
