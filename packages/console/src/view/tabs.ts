import {
  formatObjectsHash,
  formatRecordingsHash,
  formatStreamHash,
  type ObjectPath,
  type StreamPath,
} from '../model/index.js';
import { type Attributes, element, setAttribute } from './dom.js';

export type TabName = 'streams' | 'recordings' | 'objects';

/** What is chosen in the tabs. */
export interface TabChoices {
  readonly stream: StreamPath | undefined;
  readonly recording: string | undefined;
  readonly object: ObjectPath | undefined;
}

const labels: Readonly<Record<TabName, string>> = {
  streams: 'Streams',
  recordings: 'Recordings',
  objects: 'Shared objects',
};
const names = ['streams', 'recordings', 'objects'] as const satisfies readonly TabName[];

/** The tabs of the page. They are links, as each has an address; the arrow keys go from one to the next. */
export class Tabs {
  readonly element: HTMLElement;
  readonly #links: Readonly<Record<TabName, HTMLAnchorElement>> = {
    streams: link('streams'),
    recordings: link('recordings'),
    objects: link('objects'),
  };

  constructor() {
    const links = names.map((name) => this.#links[name]);
    this.element = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'What to show' }, ...links);
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** Of the element that a tab shows. */
  panelAttributes(name: TabName): Attributes {
    return { id: `panel-${name}`, role: 'tabpanel', 'aria-labelledby': `tab-${name}` };
  }

  /** The tabs lead back to what was chosen in them. */
  update(selected: TabName, { stream, recording, object }: TabChoices): void {
    setAttribute(this.#links.streams, 'href', stream === undefined ? '#' : formatStreamHash(stream));
    setAttribute(this.#links.recordings, 'href', formatRecordingsHash(recording));
    setAttribute(this.#links.objects, 'href', formatObjectsHash(object));
    for (const name of names) {
      setAttribute(this.#links[name], 'aria-selected', String(name === selected));
      // One stop for the tab key, as it is for a set of tabs.
      setAttribute(this.#links[name], 'tabindex', name === selected ? '0' : '-1');
    }
  }

  #onKey(event: KeyboardEvent): void {
    const at = names.findIndex((name) => this.#links[name] === event.target);
    const target = at < 0 ? undefined : targetOf(event.key, at);
    if (target === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#links[target].focus();
    this.#links[target].click();
  }
}

function targetOf(key: string, at: number): TabName | undefined {
  switch (key) {
    case 'ArrowRight':
      return names[(at + 1) % names.length];
    case 'ArrowLeft':
      return names.at(at - 1);
    case 'Home':
      return names[0];
    case 'End':
      return names.at(-1);
    case ' ':
      return names[at];
    default:
      return undefined;
  }
}

function link(name: TabName): HTMLAnchorElement {
  const attributes = { class: 'tab', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` };
  return element('a', attributes, labels[name]);
}
