import { deleteRecording, ServerClock, ServerPoller } from './api/index.js';
import {
  type ConsoleAction,
  escapeSegment,
  initialConsoleState,
  initialObjectsState,
  initialRecordingsState,
  liveChosen,
  maxShownSlots,
  type ObjectsAction,
  parseObjectsHash,
  parseRecordingsHash,
  parseStreamHash,
  type RecordingsAction,
  recordingsQuery,
  reduceConsole,
  reduceObjects,
  reduceRecordings,
  type ServerPlace,
} from './model/index.js';
import { ConsolePage } from './view/index.js';

const pageUrl = new URL('./', document.baseURI);
const standardRtmpPort = 1935;

let state = initialConsoleState;
let objects = initialObjectsState;
let recordings = initialRecordingsState;
/** `undefined`: another tab. */
let objectsHash = parseObjectsHash(location.hash);
let recordingsHash = parseRecordingsHash(location.hash);
const clock = new ServerClock(pageUrl);
const page = new ConsolePage(render, {
  changed: render,
  dispatch(action) {
    dispatchRecordings(action);
    poller.refresh();
  },
  async remove(path) {
    const segments = path.split('/').map(escapeSegment).join('/');
    const reason = await deleteRecording(pageUrl, segments);
    poller.refresh();
    return reason;
  },
});

function render(): void {
  page.update({ state, objects, recordings, tab: tab() }, place(), performance.now(), clock.nowMs);
}

function tab(): 'streams' | 'recordings' | 'objects' {
  if (recordingsHash !== undefined) return 'recordings';
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

function dispatchRecordings(action: RecordingsAction): void {
  recordings = reduceRecordings(recordings, action);
  render();
}

/** A fragment of the other tab changes nothing in this one. */
function readHash(): void {
  objectsHash = parseObjectsHash(location.hash);
  recordingsHash = parseRecordingsHash(location.hash);
  if (recordingsHash !== undefined) dispatchRecordings({ type: 'chooseRecording', path: recordingsHash.path });
  else if (objectsHash === undefined)
    dispatch({ type: 'choose', path: parseStreamHash(location.hash) ?? state.chosen });
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
      case 'recordings':
      case 'recording':
        dispatchRecordings(report);
        break;
      case 'server':
        dispatch({ ...report, nowMs: performance.now() });
        break;
      default:
        dispatch(report);
    }
  },
  {
    objects: () => (tab() === 'objects' ? { path: objects.chosen, limit: maxShownSlots } : undefined),
    recordings: () =>
      tab() === 'recordings' ? { query: recordingsQuery(recordings), path: recordings.chosen } : undefined,
  },
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
  page.tick({ state, objects, recordings, tab: tab() }, place(), performance.now(), clock.nowMs);
}, 1000);
