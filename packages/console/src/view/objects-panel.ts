import { maxListedObjects, type ObjectsState } from '../model/index.js';
import { element, setHidden } from './dom.js';
import { ObjectList } from './object-list.js';
import { ObjectSlots } from './object-slots.js';
import { TextRow } from './text-row.js';

/** The tab of shared objects: the list, and what is in the chosen one. */
export class ObjectsPanel {
  readonly element: HTMLElement;
  readonly #wait = element('p', { class: 'connecting', role: 'status' }, 'Asking the server…');
  readonly #empty = emptyText();
  readonly #list = new ObjectList(maxListedObjects);
  readonly #slots = new ObjectSlots();
  readonly #both: HTMLElement;

  constructor() {
    this.#both = element('div', { class: 'objects' }, this.#list.element, this.#slots.element);
    this.element = element('div', {}, this.#wait, this.#empty, this.#both);
  }

  update(state: ObjectsState): void {
    const isEmpty = state.objects.length === 0 && state.chosen === undefined;
    setHidden(this.#wait, state.loaded);
    setHidden(this.#empty, !state.loaded || !isEmpty);
    setHidden(this.#both, !state.loaded || isEmpty);
    this.#list.update(state.objects, state.chosen);
    this.#slots.update(state);
  }
}

function emptyText(): HTMLElement {
  const title = element('h2', { class: 'guide-title' }, 'No shared object is in use');
  const lead = element(
    'p',
    { class: 'guide-lead' },
    'A shared object is a set of named slots: what one client of an application changes in it, all the others are told.',
  );
  const example = new TextRow('To try it, draw on the whiteboard of the examples', 'block');
  example.update('npx millrace serve --app examples/whiteboard/app.js');
  return element(
    'section',
    { class: 'objects-empty' },
    title,
    lead,
    element('div', { class: 'card' }, example.element),
  );
}
