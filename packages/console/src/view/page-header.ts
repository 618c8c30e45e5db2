import { type ConsoleState, formatDuration } from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { millraceMark } from './icons.js';
import { themeSwitch } from './theme-switch.js';

const connectionTexts: Readonly<Record<ConsoleState['connection'], string>> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  resting: 'Resting',
};

/** Name, version and up-time of the server, state of the connection, theme. */
export class PageHeader {
  readonly element: HTMLElement;
  readonly #version = element('span', { class: 'header-version' });
  readonly #uptime = element('span', { class: 'header-uptime', title: 'How long the server has been running' });
  readonly #connection = element('span', { class: 'connection-text', role: 'status' });
  readonly #dot = element('span', { class: 'connection-dot', 'aria-hidden': 'true' });
  readonly #state = element('div', { class: 'connection' }, this.#dot, this.#connection);
  readonly #end = element('div', { class: 'header-end' }, this.#state, themeSwitch());

  constructor() {
    const name = element('span', { class: 'brand-name' }, 'millrace');
    const brand = element('h1', { class: 'brand' }, millraceMark(), name);
    const facts = element('div', { class: 'header-facts' }, this.#version, this.#uptime);
    this.element = element('header', { class: 'page-header' }, brand, facts, this.#end);
  }

  /** Puts the tabs into the middle; below, where there is no room. */
  placeTabs(tabs: HTMLElement): void {
    this.#end.before(tabs);
  }

  /** `nowMs`: the page's monotonic clock. */
  update(state: ConsoleState, nowMs: number): void {
    setText(this.#version, state.server === undefined ? '' : `v${state.server.version}`);
    const known = state.serverStartedAtMs !== undefined && state.connection !== 'reconnecting';
    setHidden(this.#uptime, !known);
    if (state.serverStartedAtMs !== undefined)
      setText(this.#uptime, `up ${formatDuration(nowMs - state.serverStartedAtMs)}`);
    setText(this.#connection, connectionTexts[state.connection]);
    setAttribute(this.#state, 'data-state', state.connection);
    setAttribute(this.#state, 'title', state.failure);
  }
}
