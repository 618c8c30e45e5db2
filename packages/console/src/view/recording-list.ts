import type { RecordingInfo } from '../api/index.js';
import {
  formatBytes,
  formatPage,
  formatPlace,
  formatRecordingsHash,
  formatResolution,
  joinKnown,
  type RecordingsAction,
  type RecordingsState,
  splitRecordingPath,
} from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { icon } from './icons.js';

/** Typing is over when nothing comes for this long, ms. */
const typingMs = 250;

/** The recordings, a page at a time: one link each, kept in place while its figures change. */
export class RecordingList {
  readonly element: HTMLElement;
  readonly #count = element('span', { class: 'count' });
  readonly #search = element('input', {
    type: 'search',
    class: 'search',
    placeholder: 'Filter by name',
    'aria-label': 'Filter recordings by name',
    spellcheck: 'false',
    autocomplete: 'off',
  });
  readonly #list = element('ul', { class: 'recording-list' });
  readonly #none = element('p', { class: 'quiet' }, 'No recording has that in its name.');
  readonly #incomplete = element('p', { class: 'quiet' }, 'There are more files than the server looks at.');
  readonly #previous = element('button', { type: 'button', class: 'button pager-button' }, 'Newer');
  readonly #next = element('button', { type: 'button', class: 'button pager-button' }, 'Older');
  readonly #page = element('span', { class: 'quiet', role: 'status' });
  readonly #pager: HTMLElement;
  readonly #rows = new Map<string, RecordingRow>();
  #timer: number | undefined;

  constructor(dispatch: (action: RecordingsAction) => void) {
    const title = element('h2', { class: 'section-title', id: 'recordings-title' }, 'Recordings ', this.#count);
    this.#pager = element('div', { class: 'pager' }, this.#previous, this.#page, this.#next);
    this.element = element(
      'nav',
      { class: 'recording-nav', 'aria-labelledby': 'recordings-title' },
      element('div', { class: 'recording-head' }, title, this.#search),
      this.#list,
      this.#none,
      this.#pager,
      this.#incomplete,
    );
    this.#search.addEventListener('input', () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => dispatch({ type: 'search', text: this.#search.value.trim() }), typingMs);
    });
    this.#previous.addEventListener('click', () => dispatch({ type: 'turn', to: 'previous' }));
    this.#next.addEventListener('click', () => dispatch({ type: 'turn', to: 'next' }));
  }

  update(state: RecordingsState): void {
    const { list, chosen } = state;
    if (list === undefined) return;
    setText(this.#count, String(list.total));
    setHidden(this.#none, list.total > 0);
    setHidden(this.#incomplete, !list.incomplete);
    const page = formatPage(state);
    setHidden(this.#pager, page === undefined);
    setText(this.#page, page ?? '');
    this.#previous.disabled = state.cursors.length < 2;
    this.#next.disabled = list.next === null;
    const left = new Set(this.#rows.keys());
    list.recordings.forEach((info, index) => {
      left.delete(info.path);
      const row = this.#rows.get(info.path) ?? new RecordingRow(info.path);
      this.#rows.set(info.path, row);
      row.update(info, info.path === chosen);
      // Moving a node that already stands in its place would take the keyboard focus away.
      const there = this.#list.children[index];
      if (there !== row.element) this.#list.insertBefore(row.element, there ?? null);
    });
    for (const path of left) {
      this.#rows.get(path)?.element.remove();
      this.#rows.delete(path);
    }
  }
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

class RecordingRow {
  readonly element: HTMLLIElement;
  readonly #link: HTMLAnchorElement;
  readonly #duration = element('span', { class: 'recording-duration' });
  readonly #media = element('span', { class: 'row-line' });
  readonly #file = element('span', { class: 'row-line' });
  readonly #damage = element('span', { class: 'row-warning' }, icon('warning'), element('span', {}));

  constructor(path: string) {
    const { app, file } = splitRecordingPath(path);
    const name = element(
      'span',
      { class: 'row-name' },
      element('span', { class: 'row-app' }, `${app}/`),
      element('bdi', {}, file),
    );
    this.#link = element(
      'a',
      { class: 'stream-row', href: formatRecordingsHash(path) },
      element('span', { class: 'recording-title' }, name, this.#duration),
      this.#media,
      this.#file,
      this.#damage,
    );
    this.element = element('li', {}, this.#link);
  }

  update(info: RecordingInfo, isChosen: boolean): void {
    const { recording, durationMs, bytes, modifiedAt, damage } = info;
    setAttribute(this.#link, 'aria-current', isChosen ? 'true' : undefined);
    setText(this.#duration, recording ? 'recording' : durationMs === null ? '' : formatPlace(durationMs / 1000));
    setAttribute(this.#duration, 'data-state', recording ? 'recording' : undefined);
    setText(this.#media, formatMedia(info));
    setHidden(this.#media, this.#media.textContent === '');
    setText(this.#file, joinKnown(formatBytes(bytes), dates.format(modifiedAt)));
    setHidden(this.#damage, damage === null);
    if (this.#damage.lastChild !== null) setText(this.#damage.lastChild, damage ?? '');
  }
}

/** `H.264 · 1280×720 · AAC`. */
export function formatMedia({ video, audio }: RecordingInfo): string {
  return joinKnown(video?.codec, formatResolution(video?.width, video?.height), audio?.codec);
}
