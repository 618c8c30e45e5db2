import type { SharedObjectSlot } from '../api/index.js';
import {
  formatBytes,
  formatCount,
  formatSlotValue,
  maxShownSlots,
  type ObjectsState,
  objectKey,
  sortSlots,
} from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';

/** The slots of the chosen shared object: one row each, marked for a moment when it changes. */
export class ObjectSlots {
  readonly element: HTMLElement;
  readonly #app = element('span', { class: 'row-app' });
  readonly #name = element('bdi', {});
  readonly #kind = element('span', { class: 'badge' });
  readonly #figures = element('p', { class: 'quiet object-figures' });
  readonly #gone = element('p', { class: 'notice', role: 'status' }, 'Nobody uses this shared object now.');
  readonly #none = element('p', { class: 'quiet slots-none' }, 'It has no slots.');
  readonly #more = element('p', { class: 'quiet' });
  readonly #body = element('tbody', { role: 'rowgroup' });
  readonly #table: HTMLTableElement;
  readonly #rows = new Map<string, SlotRow>();
  #key: string | undefined;

  constructor() {
    const titles = ['Slot', 'Value', 'Version'];
    // Roles are said although elements have them: with a layout that is not a table's, as on phones, they lose them.
    const cells = titles.map((text) => element('th', { scope: 'col', role: 'columnheader' }, text));
    const head = element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...cells));
    const caption = element('caption', { class: 'visually-hidden' }, 'Slots');
    this.#table = element('table', { class: 'slots', role: 'table' }, caption, head, this.#body);
    const title = element('h2', { class: 'player-title', id: 'object-title' }, this.#app, this.#name);
    this.element = element(
      'section',
      { class: 'object-content', 'aria-labelledby': 'object-title' },
      element('div', { class: 'player-head' }, title, this.#kind),
      this.#figures,
      this.#gone,
      this.#none,
      this.#table,
      this.#more,
    );
  }

  update({ chosen, content, isGone }: ObjectsState): void {
    setHidden(this.element, chosen === undefined);
    if (chosen === undefined) return;
    const key = objectKey(chosen);
    const isOther = key !== this.#key;
    this.#key = key;
    setText(this.#app, `${chosen.app}/`);
    setText(this.#name, chosen.name);
    setHidden(this.#gone, !isGone);
    setHidden(this.#kind, content === undefined);
    setHidden(this.#figures, content === undefined || isGone);
    setHidden(this.#none, content === undefined || content.slots > 0);
    setHidden(this.#table, content === undefined || content.slots === 0);
    setAttribute(this.#table, 'data-gone', isGone ? 'true' : undefined);
    const { slots = 0, values = [] } = content ?? {};
    setHidden(this.#more, slots <= values.length);
    setText(this.#more, `The first ${values.length} of ${slots} slots.`);
    if (content !== undefined) {
      const { persistent, version, bytes, members } = content;
      setText(this.#kind, persistent ? 'persistent' : 'temporary');
      const figures = [formatCount(slots, 'slot'), formatBytes(bytes), formatCount(members, 'client')];
      setText(this.#figures, [`version ${version}`, ...figures].join(' · '));
    }
    this.#updateRows(sortSlots(values.slice(0, maxShownSlots)), isOther);
  }

  #updateRows(slots: readonly SharedObjectSlot[], isOther: boolean): void {
    if (isOther) {
      this.#rows.clear();
      this.#body.replaceChildren();
    }
    // What is there when the object is opened has not changed just now.
    const isFirst = this.#rows.size === 0;
    const left = new Set(this.#rows.keys());
    slots.forEach((slot, index) => {
      left.delete(slot.name);
      const row = this.#rows.get(slot.name) ?? new SlotRow(slot.name);
      this.#rows.set(slot.name, row);
      row.update(slot, !isFirst);
      if (this.#body.children[index] !== row.element)
        this.#body.insertBefore(row.element, this.#body.children[index] ?? null);
    });
    for (const name of left) {
      this.#rows.get(name)?.element.remove();
      this.#rows.delete(name);
    }
  }
}

class SlotRow {
  readonly element: HTMLTableRowElement;
  readonly #value = element('code', {});
  readonly #cell = element('td', { class: 'slot-value', role: 'cell' }, this.#value);
  readonly #version = element('td', { class: 'slot-version', role: 'cell' });
  #shownVersion: number | undefined;

  constructor(name: string) {
    const head = element('th', { scope: 'row', class: 'slot-name', role: 'rowheader' }, element('bdi', {}, name));
    this.element = element('tr', { role: 'row' }, head, this.#cell, this.#version);
  }

  update(slot: SharedObjectSlot, isMarked: boolean): void {
    const { text, title } = formatSlotValue(slot);
    // A temporary object that is there again may have another value at the same version.
    const isSame = slot.version === this.#shownVersion && text === this.#value.textContent;
    this.#shownVersion = slot.version;
    setText(this.#value, text);
    setAttribute(this.#cell, 'title', title);
    setText(this.#version, String(slot.version));
    if (isMarked && !isSame) mark(this.element);
  }
}

/** Begins the animation anew where it is still running. */
function mark(row: HTMLElement): void {
  row.classList.remove('is-changed');
  void row.offsetWidth;
  row.classList.add('is-changed');
}
