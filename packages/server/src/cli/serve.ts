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
  readonly demo: boolean;
}

/** Time that connections get to take what they are still due when the server stops, ms. */
const drainMs = 3500;

/** `millrace serve`: resolves once the server runs. Ends the process with 1 and one line when it cannot. */
export async function serve(options: ServeOptions): Promise<void> {
  let config: Config | undefined;
  try {
    const log = options.log === undefined ? [] : [`log.format=${options.log}`];
    config = loadConfig({ file: options.config, set: [...options.set, ...log] });
    prepareFolders(config);
    await run(config, options.demo);
  } catch (error) {
    const explanation = explainStartError(error, config);
    // What nobody foresaw keeps its stack: it is to be reported and mended.
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exit(1);
  }
}

async function run(config: Config, withDemo: boolean): Promise<void> {
  const logger = createLogger({ ...config.log, colors: process.stdout.isTTY && process.env.NO_COLOR === undefined });
  endOnBugs(logger);
  let server: RunningServer | undefined;
  let demo: Demo | undefined;
  stopOnSignals(logger, async () => {
    demo?.stop();
    await server?.close(drainMs);
  });
  server = await startServer(config, logger);
  if (withDemo) demo = startDemo(server.streams, logger);
  const facts = { version, rtmp: server.rtmp, http: server.http, demo: withDemo };
  process.stdout.write(config.log.format === 'json' ? readyJson(facts, Date.now()) : readyText(facts));
}

/** An error that nobody caught leaves unknown state behind: it is shown and the process ends, for a supervisor to start anew. */
function endOnBugs(logger: Logger): void {
  process.on('uncaughtException', (err, origin) => {
    logger.error({ err, origin }, 'a bug in millrace; please report it');
    process.exit(1);
  });
}
