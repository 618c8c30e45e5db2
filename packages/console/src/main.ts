import { ServerClock, ServerPoller } from './api/index.js';
import {
  type ConsoleAction,
  initialConsoleState,
  liveChosen,
  parseStreamHash,
  reduceConsole,
  type ServerPlace,
} from './model/index.js';
import { ConsolePage } from './view/index.js';

const pageUrl = new URL('./', document.baseURI);
const standardRtmpPort = 1935;

let state = initialConsoleState;
const clock = new ServerClock(pageUrl);
const page = new ConsolePage(render);

function render(): void {
  page.update(state, place(), performance.now(), clock.nowMs);
}

function place(): ServerPlace {
  return { pageUrl, rtmpPort: state.server?.rtmpPort ?? standardRtmpPort, query: location.search };
}

function dispatch(action: ConsoleAction): void {
  state = reduceConsole(state, action);
  render();
}

const poller = new ServerPoller(pageUrl, (report) => {
  dispatch(report.type === 'server' ? { ...report, nowMs: performance.now() } : report);
});

window.addEventListener('hashchange', () => dispatch({ type: 'choose', path: parseStreamHash(location.hash) }));
document.getElementById('app')?.append(page.element);
dispatch({ type: 'choose', path: parseStreamHash(location.hash) });
poller.start();
// The up-time and the player's figures go on between polls, and while the server does not answer.
window.setInterval(() => {
  if (document.hidden) return;
  if (liveChosen(state)?.latency?.baseTimeMs !== undefined) void clock.refresh();
  page.tick(state, place(), performance.now(), clock.nowMs);
}, 1000);
