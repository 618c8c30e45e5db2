import {
  type ConsoleState,
  type ObjectsState,
  pageOf,
  publishSettings,
  type RecordingsState,
  type ServerPlace,
  type StreamPath,
  splitRecordingPath,
} from '../model/index.js';
import { element, setAttribute, setAttributes, setHidden, setText } from './dom.js';
import { ObjectsPanel } from './objects-panel.js';
import { PageHeader } from './page-header.js';
import { PlayerFacts } from './player-facts.js';
import { PlayerPanel } from './player-panel.js';
import { PublishGuide } from './publish-guide.js';
import { RecordingsPanel, type RecordingsPanelActions } from './recordings-panel.js';
import { StreamList } from './stream-list.js';
import { type TabName, Tabs } from './tabs.js';

/** What the page is to show. */
export interface Shown {
  readonly state: ConsoleState;
  readonly objects: ObjectsState;
  readonly recordings: RecordingsState;
  readonly tab: TabName;
}

/** The whole page. It is built once; `update` changes what differs. */
export class ConsolePage {
  readonly element: HTMLElement;
  readonly #header = new PageHeader();
  readonly #tabs = new Tabs();
  readonly #objects = new ObjectsPanel();
  readonly #recordings: RecordingsPanel;
  readonly #list = new StreamList();
  readonly #panel: PlayerPanel;
  readonly #facts = new PlayerFacts();
  readonly #guide = new PublishGuide();
  readonly #player: HTMLElement;
  readonly #guideSection: HTMLElement;
  readonly #guideTitle = element('h2', { class: 'guide-title' });
  readonly #guideLead = element('p', { class: 'guide-lead' });
  readonly #connecting = element('p', { class: 'connecting', role: 'status' });
  readonly #guideHero: HTMLElement;
  readonly #more: HTMLDetailsElement;
  readonly #streams: HTMLElement;
  /** Whoever opens the page for shared objects is no viewer of a stream. */
  #wasStreams = false;

  /** `onChange` is called when the person changed something that `update` must hear of. */
  constructor(onChange: () => void, recordings: RecordingsPanelActions) {
    this.#recordings = new RecordingsPanel(recordings);
    this.#panel = new PlayerPanel(onChange);
    this.#more = element('details', { class: 'more' }, element('summary', {}, 'Publish another stream'));
    this.#player = element('div', { class: 'watch' }, this.#panel.element, this.#list.element, this.#facts.element);
    this.#guideHero = element(
      'div',
      { class: 'guide-hero' },
      element('span', { class: 'ripple', 'aria-hidden': 'true' }),
      element('div', {}, this.#guideTitle, this.#guideLead),
    );
    this.#guideSection = element(
      'section',
      { class: 'guide', 'aria-label': 'How to publish' },
      this.#guideHero,
      this.#guide.element,
    );
    this.#streams = element('div', this.#tabs.panelAttributes('streams'), this.#player, this.#guideSection, this.#more);
    setAttributes(this.#objects.element, this.#tabs.panelAttributes('objects'));
    setAttributes(this.#recordings.element, this.#tabs.panelAttributes('recordings'));
    this.#header.placeTabs(this.#tabs.element);
    const main = element(
      'main',
      { class: 'page-main' },
      this.#connecting,
      this.#streams,
      this.#recordings.element,
      this.#objects.element,
    );
    this.element = element('div', { class: 'page' }, this.#header.element, main);
  }

  /** `nowMs`: the page's monotonic clock; `serverNowMs`: the server's, UTC, if it is known. */
  update(
    { state, objects, recordings, tab }: Shown,
    place: ServerPlace,
    nowMs: number,
    serverNowMs: number | undefined,
  ): void {
    const page = pageOf(state);
    this.#wasStreams ||= tab === 'streams';
    const idle = state.streams.length === 0;
    this.#header.update(state, nowMs);
    setHidden(this.#connecting, page !== 'connecting');
    setText(
      this.#connecting,
      state.failure === undefined ? 'Connecting to the server…' : `${state.failure} Trying again…`,
    );
    this.#tabs.update(tab, { stream: state.chosen, recording: recordings.chosen, object: objects.chosen });
    setHidden(this.#streams, tab !== 'streams' || page === 'connecting');
    setHidden(this.#objects.element, tab !== 'objects' || page === 'connecting');
    if (tab === 'objects') this.#objects.update(objects);
    setHidden(this.#recordings.element, tab !== 'recordings' || page === 'connecting');
    if (tab === 'recordings') this.#recordings.update(recordings, place, state.server?.defaultApp || 'live');
    else this.#recordings.rest();
    setHidden(this.#player, page !== 'player');
    setAttribute(this.element, 'data-connection', state.connection);
    document.title = titleOf({ state, objects, recordings, tab });
    if (!this.#wasStreams) return;
    this.#list.update(state);
    this.#panel.update(state, place);
    this.#facts.update(state, place, this.#panel, serverNowMs);
    this.#placeGuide(state, page !== 'connecting', idle);
    this.#guide.update(publishSettings(place, guideStream(state, idle)));
  }

  /** Moves on what changes with time alone: up-time and the player's own figures. */
  tick({ state }: Shown, place: ServerPlace, nowMs: number, serverNowMs: number | undefined): void {
    this.#header.update(state, nowMs);
    if (this.#wasStreams) this.#facts.update(state, place, this.#panel, serverNowMs);
  }

  /** Open while nothing is live; folded away below the player otherwise. */
  #placeGuide(state: ConsoleState, ready: boolean, idle: boolean): void {
    setHidden(this.#guideSection, !ready || !idle);
    setHidden(this.#more, !ready || idle);
    const home = idle ? this.#guideSection : this.#more;
    if (this.#guide.element.parentElement !== home) home.append(this.#guide.element);
    setText(
      this.#guideTitle,
      state.chosen === undefined ? 'Ready for the first stream' : `Publish ${state.chosen.app}/${state.chosen.name}`,
    );
    setText(
      this.#guideLead,
      state.chosen === undefined
        ? 'Nothing is being published yet. Start one of these, and it plays here by itself.'
        : 'Nothing is being published at the moment. With these settings it comes back here.',
    );
  }
}

function titleOf({ state, objects, recordings, tab }: Shown): string {
  const names: Readonly<Record<TabName, string | undefined>> = {
    streams: state.chosen?.name,
    recordings: recordings.chosen && splitRecordingPath(recordings.chosen).file,
    objects: objects.chosen?.name,
  };
  const name = names[tab];
  return name === undefined ? 'millrace' : `${name} · millrace`;
}

function guideStream(state: ConsoleState, idle: boolean): StreamPath {
  const app = state.server?.defaultApp || 'live';
  if (idle) return state.chosen ?? { app, name: 'test' };
  // Something is live: propose a name that is free.
  const taken = new Set(state.streams.filter((stream) => stream.app === app).map((stream) => stream.name));
  const free = ['test', ...Array.from(taken, (_, index) => `test${index + 2}`)].find((name) => !taken.has(name));
  return { app, name: free ?? 'another' };
}
