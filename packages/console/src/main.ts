import { ServerClock, ServerPoller } from './api/index.js';
import {
  type ConsoleAction,
  initialConsoleState,
  initialObjectsState,
  liveChosen,
  maxShownSlots,
  type ObjectsAction,
  parseObjectsHash,
  parseStreamHash,
  reduceConsole,
  reduceObjects,
  type ServerPlace,
} from './model/index.js';
import { ConsolePage } from './view/index.js';

const pageUrl = new URL('./', document.baseURI);
const standardRtmpPort = 1935;

let state = initialConsoleState;
let objects = initialObjectsState;
/** `undefined`: the tab of streams. */
let objectsHash = parseObjectsHash(location.hash);
const clock = new ServerClock(pageUrl);
const page = new ConsolePage(render);

function render(): void {
  page.update({ state, objects, tab: tab() }, place(), performance.now(), clock.nowMs);
}

function tab(): 'streams' | 'objects' {
  return objectsHash === undefined ? 'streams' : 'objects';
}

function place(): ServerPlace {
  return { pageUrl, rtmpPort: state.server?.rtmpPort ?? standardRtmpPort, query: location.search };
}

function dispatch(action: ConsoleAction): void {
  state = reduceConsole(state, action);
  render();
}

function dispatchObjects(action: ObjectsAction): void {
  objects = reduceObjects(objects, action);
  render();
}

/** A fragment of the other tab changes nothing in this one. */
function readHash(): void {
  objectsHash = parseObjectsHash(location.hash);
  if (objectsHash === undefined) dispatch({ type: 'choose', path: parseStreamHash(location.hash) ?? state.chosen });
  else dispatchObjects({ type: 'chooseObject', path: objectsHash.path });
}

const poller = new ServerPoller(
  pageUrl,
  (report) => {
    switch (report.type) {
      case 'objects':
      case 'object':
        dispatchObjects(report);
        break;
      case 'server':
        dispatch({ ...report, nowMs: performance.now() });
        break;
      default:
        dispatch(report);
    }
  },
  () => (tab() === 'objects' ? { path: objects.chosen, limit: maxShownSlots } : undefined),
);

window.addEventListener('hashchange', () => {
  readHash();
  poller.refresh();
});
document.getElementById('app')?.append(page.element);
readHash();
poller.start();
// The up-time and the player's figures go on between polls, and while the server does not answer.
window.setInterval(() => {
  if (document.hidden) return;
  if (liveChosen(state)?.latency?.baseTimeMs !== undefined) void clock.refresh();
  page.tick({ state, objects, tab: tab() }, place(), performance.now(), clock.nowMs);
}, 1000);
