import { type ConsoleState, pageOf, publishSettings, type ServerPlace, type StreamPath } from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { PageHeader } from './page-header.js';
import { PlayerFacts } from './player-facts.js';
import { PlayerPanel } from './player-panel.js';
import { PublishGuide } from './publish-guide.js';
import { StreamList } from './stream-list.js';

/** The whole page. It is built once; `update` changes what differs. */
export class ConsolePage {
  readonly element: HTMLElement;
  readonly #header = new PageHeader();
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

  /** `onChange` is called when the person changed something that `update` must hear of. */
  constructor(onChange: () => void) {
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
    const main = element(
      'main',
      { class: 'page-main' },
      this.#connecting,
      this.#player,
      this.#guideSection,
      this.#more,
    );
    this.element = element('div', { class: 'page' }, this.#header.element, main);
  }

  /** `nowMs`: the page's monotonic clock; `serverNowMs`: the server's, UTC, if it is known. */
  update(state: ConsoleState, place: ServerPlace, nowMs: number, serverNowMs: number | undefined): void {
    const page = pageOf(state);
    const idle = state.streams.length === 0;
    this.#header.update(state, nowMs);
    setHidden(this.#connecting, page !== 'connecting');
    setText(
      this.#connecting,
      state.failure === undefined ? 'Connecting to the server…' : `${state.failure} Trying again…`,
    );
    setHidden(this.#player, page !== 'player');
    setAttribute(this.element, 'data-connection', state.connection);
    this.#list.update(state);
    this.#panel.update(state, place);
    this.#facts.update(state, place, this.#panel, serverNowMs);
    this.#placeGuide(state, page !== 'connecting', idle);
    this.#guide.update(publishSettings(place, guideStream(state, idle)));
    document.title = state.chosen === undefined ? 'millrace' : `${state.chosen.name} · millrace`;
  }

  /** Moves on what changes with time alone: up-time and the player's own figures. */
  tick(state: ConsoleState, place: ServerPlace, nowMs: number, serverNowMs: number | undefined): void {
    this.#header.update(state, nowMs);
    this.#facts.update(state, place, this.#panel, serverNowMs);
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

function guideStream(state: ConsoleState, idle: boolean): StreamPath {
  const app = state.server?.defaultApp || 'live';
  if (idle) return state.chosen ?? { app, name: 'test' };
  // Something is live: propose a name that is free.
  const taken = new Set(state.streams.filter((stream) => stream.app === app).map((stream) => stream.name));
  const free = ['test', ...Array.from(taken, (_, index) => `test${index + 2}`)].find((name) => !taken.has(name));
  return { app, name: free ?? 'another' };
}
