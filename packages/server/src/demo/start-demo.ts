import { readFileSync } from 'node:fs';
import type { LiveStreams } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { TagLoop } from './tag-loop.js';

const file = new URL('../../assets/demo.flv', import.meta.url);
/** After a longer pause (a suspended machine) the stream goes on from there, instead of catching up in one burst. */
const maxBehindMs = 1000;

export interface Demo {
  /** Ends the publication. */
  stop(): void;
}

/** Publishes the test stream as `live/demo`, from inside this process, until it is stopped or replaced. */
export function startDemo(streams: Pick<LiveStreams, 'publish'>, logger: Logger): Demo {
  const loop = new TagLoop(readFileSync(file));
  let timer: NodeJS.Timeout | undefined;
  const stopSending = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const outcome = streams.publish(
    { app: 'live', name: 'demo' },
    { address: 'internal', software: 'millrace demo', clientId: 'demo' },
    {
      onReplaced() {
        stopSending();
        logger.info({}, 'the test stream gave its name, live/demo, to another publisher');
      },
    },
  );
  if (!outcome.ok) {
    logger.warn({ reason: outcome.reason }, 'the test stream could not be published as live/demo');
    return { stop: () => undefined };
  }
  const { publication } = outcome;
  // Every frame is due at a time counted from here, so that late timers do not add up.
  let startedMs = performance.now();
  const send = (): void => {
    const nowMs = performance.now();
    const behindMs = nowMs - startedMs - loop.nextDueMs;
    if (behindMs > maxBehindMs) startedMs += behindMs;
    while (startedMs + loop.nextDueMs <= nowMs) {
      for (const message of loop.next()) publication.write(message);
    }
    timer = setTimeout(send, startedMs + loop.nextDueMs - nowMs);
  };
  send();
  return {
    stop() {
      stopSending();
      publication.end();
    },
  };
}
