import type { SharedObjectInfo } from '../api/index.js';
import { formatBytes, formatCount, formatObjectsHash, groupByApp, type ObjectPath, objectKey } from '../model/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';

/** The shared objects by application: one link each, kept in place while its figures change. */
export class ObjectList {
  readonly element: HTMLElement;
  readonly #maxRows: number;
  readonly #count = element('span', { class: 'count' });
  readonly #groups = element('div', { class: 'object-groups' });
  readonly #more = element('p', { class: 'quiet' });
  readonly #none = element('p', { class: 'quiet' }, 'No shared object is in use now.');
  readonly #apps = new Map<string, AppGroup>();

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
    const title = element('h2', { class: 'section-title', id: 'objects-title' }, 'In use ', this.#count);
    this.element = element(
      'nav',
      { class: 'object-nav', 'aria-labelledby': 'objects-title' },
      title,
      this.#groups,
      this.#more,
      this.#none,
    );
  }

  update(objects: readonly SharedObjectInfo[], chosen: ObjectPath | undefined): void {
    setText(this.#count, String(objects.length));
    setHidden(this.#none, objects.length > 0);
    const hidden = objects.length - this.#maxRows;
    setHidden(this.#more, hidden <= 0);
    setText(this.#more, `and ${formatCount(hidden, 'other')}`);
    const key = chosen && objectKey(chosen);
    const groups = groupByApp(objects.slice(0, this.#maxRows));
    const left = new Set(this.#apps.keys());
    groups.forEach(({ app, objects: members }, index) => {
      left.delete(app);
      const group = this.#apps.get(app) ?? new AppGroup(app);
      this.#apps.set(app, group);
      group.update(members, key);
      place(this.#groups, group.element, index);
    });
    for (const app of left) {
      this.#apps.get(app)?.element.remove();
      this.#apps.delete(app);
    }
  }
}

class AppGroup {
  readonly element: HTMLElement;
  readonly #list = element('ul', { class: 'object-list' });
  readonly #rows = new Map<string, ObjectRow>();

  constructor(app: string) {
    this.element = element('section', {}, element('h3', { class: 'object-app' }, element('bdi', {}, app)), this.#list);
  }

  update(objects: readonly SharedObjectInfo[], chosen: string | undefined): void {
    const left = new Set(this.#rows.keys());
    objects.forEach((object, index) => {
      left.delete(object.name);
      const row = this.#rows.get(object.name) ?? new ObjectRow(object);
      this.#rows.set(object.name, row);
      row.update(object, objectKey(object) === chosen);
      place(this.#list, row.element, index);
    });
    for (const name of left) {
      this.#rows.get(name)?.element.remove();
      this.#rows.delete(name);
    }
  }
}

class ObjectRow {
  readonly element: HTMLLIElement;
  readonly #link: HTMLAnchorElement;
  readonly #figures = element('span', { class: 'row-line' });

  constructor(object: SharedObjectInfo) {
    const name = element('span', { class: 'row-name' }, element('bdi', {}, object.name));
    this.#link = element('a', { class: 'stream-row', href: formatObjectsHash(object) }, name, this.#figures);
    this.element = element('li', {}, this.#link);
  }

  update({ persistent, slots, bytes, members }: SharedObjectInfo, chosen: boolean): void {
    setAttribute(this.#link, 'aria-current', chosen ? 'true' : undefined);
    const kind = persistent ? 'persistent' : 'temporary';
    const figures = [kind, formatCount(slots, 'slot'), formatBytes(bytes), formatCount(members, 'client')];
    setText(this.#figures, figures.join(' · '));
  }
}

/** Moving a node that already stands in its place would take the keyboard focus away. */
function place(parent: HTMLElement, node: HTMLElement, index: number): void {
  if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
}
