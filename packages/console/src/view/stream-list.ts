import type { StreamInfo } from '../api/index.js';
import {
  type ConsoleState,
  formatAudio,
  formatBitrate,
  formatCount,
  formatDuration,
  formatStreamHash,
  formatVideo,
  formatViewerKinds,
  joinKnown,
  streamKey,
} from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { type IconName, icon } from './icons.js';

/** The live streams: one link each, kept in place while its figures change. */
export class StreamList {
  readonly element: HTMLElement;
  readonly #count = element('span', { class: 'count' });
  readonly #list = element('ul', { class: 'stream-list' });
  readonly #empty = element('p', { class: 'quiet' }, 'Nothing is being published at the moment.');
  readonly #rows = new Map<string, StreamRow>();

  constructor() {
    const title = element('h2', { class: 'section-title', id: 'streams-title' }, 'Live streams ', this.#count);
    this.element = element(
      'nav',
      { class: 'streams', 'aria-labelledby': 'streams-title' },
      title,
      this.#list,
      this.#empty,
    );
  }

  update(state: ConsoleState): void {
    setText(this.#count, state.loaded ? String(state.streams.length) : '');
    setHidden(this.#empty, !state.loaded || state.streams.length > 0);
    const chosen = state.chosen === undefined ? undefined : streamKey(state.chosen);
    const left = new Set(this.#rows.keys());
    state.streams.forEach((stream, index) => {
      const key = streamKey(stream);
      left.delete(key);
      const row = this.#rows.get(key) ?? new StreamRow(stream);
      this.#rows.set(key, row);
      row.update(stream, key === chosen);
      // Moving a node that already stands in its place would take the keyboard focus away.
      if (this.#list.children[index] !== row.element)
        this.#list.insertBefore(row.element, this.#list.children[index] ?? null);
    });
    for (const key of left) {
      this.#rows.get(key)?.element.remove();
      this.#rows.delete(key);
    }
  }
}

class StreamRow {
  readonly element: HTMLLIElement;
  readonly #link: HTMLAnchorElement;
  readonly #video = element('span', { class: 'row-line' });
  readonly #audio = element('span', { class: 'row-line' });
  readonly #rate = figure('rate', 'Bit rate');
  readonly #viewers = figure('viewers', 'Viewers');
  readonly #uptime = figure('clock', 'Up-time');
  readonly #publisher = element('span', { class: 'row-line row-publisher' });
  readonly #warnings = element('span', { class: 'row-warnings' });

  constructor(stream: StreamInfo) {
    const name = element(
      'span',
      { class: 'row-name' },
      element('span', { class: 'row-app' }, `${stream.app}/`),
      element('bdi', {}, stream.name),
    );
    const figures = element(
      'span',
      { class: 'row-figures' },
      this.#rate.element,
      this.#viewers.element,
      this.#uptime.element,
    );
    this.#link = element(
      'a',
      { class: 'stream-row', href: formatStreamHash(stream) },
      name,
      this.#video,
      this.#audio,
      figures,
      this.#publisher,
      this.#warnings,
    );
    this.element = element('li', {}, this.#link);
  }

  update(stream: StreamInfo, chosen: boolean): void {
    setAttribute(this.#link, 'aria-current', chosen ? 'true' : undefined);
    setText(this.#video, formatVideo(stream.video));
    setText(this.#audio, formatAudio(stream.audio));
    setText(this.#rate.value, formatBitrate(stream.bitrateKbps));
    setText(this.#viewers.value, String(stream.viewers.total));
    const kinds = formatViewerKinds(stream.viewers);
    setAttribute(this.#viewers.element, 'title', joinKnown(formatCount(stream.viewers.total, 'viewer'), kinds));
    setText(this.#uptime.value, formatDuration(stream.uptimeMs));
    setText(this.#publisher, joinKnown(stream.publisher.software, stream.publisher.address));
    setAttribute(this.#publisher, 'title', this.#publisher.textContent ?? '');
    this.#updateWarnings(stream.warnings);
  }

  #updateWarnings(warnings: readonly string[]): void {
    while (this.#warnings.children.length > warnings.length) this.#warnings.lastElementChild?.remove();
    warnings.forEach((warning, index) => {
      let line = this.#warnings.children[index];
      if (line === undefined) {
        line = element('span', { class: 'row-warning' }, icon('warning'), element('span', {}));
        this.#warnings.append(line);
      }
      if (line.lastChild !== null) setText(line.lastChild, warning);
    });
  }
}

function figure(iconName: IconName, label: string): { element: HTMLElement; value: HTMLElement } {
  const value = element('span', {});
  const name = element('span', { class: 'visually-hidden' }, `${label}: `);
  return { element: element('span', { class: 'figure', title: label }, icon(iconName), name, value), value };
}
